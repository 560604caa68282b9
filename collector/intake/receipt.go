package intake

import (
	"github.com/earshot-rtc/earshot/collector/enrich"
	"github.com/earshot-rtc/earshot/collector/identity"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// whence is what the address of a batch says, looked up once.
type whence struct {
	known   bool
	place   enrich.Place
	address string
}

// stamp gives s its receipt.
func (b *Batch) stamp(s *earshotv1.Sample) {
	r := &b.sc.receipt
	r.Reset()
	r.ReceivedAtUs = b.origin.Received.UnixMicro()
	r.CollectorId = b.in.cfg.CollectorID
	r.Tenant = b.origin.Caller.Tenant
	s.Receipt = r
	// What an SFU tells about a client does not come from where the client is.
	if s.Client != nil && b.origin.Caller.Kind == identity.SFU {
		return
	}
	w := &b.whence
	if !w.known {
		w.known = true
		if b.in.enrich != nil {
			w.place = b.in.enrich.Lookup(b.origin.Caller.Address)
		}
		w.address = b.in.mask.Address(b.origin.Caller.Address)
	}
	r.Country, r.Region, r.Asn, r.Isp, r.Address = w.place.Country, w.place.Region, w.place.ASN, w.place.ISP, w.address
}
