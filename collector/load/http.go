package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// HTTP posts batches, each connection one after the other.
func HTTP(ctx context.Context, c Config) (Result, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.Connections}}
	defer client.CloseIdleConnections()
	return c.each(ctx, func(ctx context.Context, i int, t *tally) error {
		samples := &earshotv1.SampleBatch{}
		for j := range c.Batch {
			samples.Samples = append(samples.Samples, Sample(i*c.Batch+j, 1))
		}
		body, err := samples.MarshalVT()
		if err != nil {
			return err
		}
		var took []time.Duration
		accepted, refused := 0, 0
		defer func() { t.add(accepted, refused, took, nil) }()
		for ctx.Err() == nil {
			began := time.Now()
			n, err := post(ctx, client, "http://"+c.Addr+"/v1/samples", body)
			if err != nil {
				return err
			}
			took = append(took, time.Since(began))
			accepted += n
			refused += c.Batch - n
		}
		return nil
	})
}

func post(ctx context.Context, client *http.Client, url string, body []byte) (accepted int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	var a struct {
		Accepted int `json:"accepted"`
	}
	if err := json.Unmarshal(data, &a); err != nil || res.StatusCode != http.StatusAccepted && res.StatusCode != http.StatusServiceUnavailable {
		return 0, fmt.Errorf("the collector answers %s: %s", res.Status, data[:min(len(data), 300)])
	}
	return a.Accepted, nil
}
