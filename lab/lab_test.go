package lab_test

import (
	"context"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// sink is an exporter that hands every sample to f.
type sink struct{ f func(*earshotv1.Sample) }

func (*sink) Start(context.Context) error    { return nil }
func (*sink) Shutdown(context.Context) error { return nil }
func (s *sink) Send(m *earshotv1.Sample)     { s.f(m) }
func (*sink) Clock() *earshotv1.ClockOffset  { return nil }
func (*sink) Stats() export.Stats            { return export.Stats{} }
