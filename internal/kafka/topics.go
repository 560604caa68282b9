package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// TopicSpec says what a topic should be like where it has to be created.
type TopicSpec struct {
	Name       string
	Partitions int
	// ReplicationFactor 0 leaves it to the broker's default.
	ReplicationFactor int
	// Retention 0 leaves it to the broker's default.
	Retention time.Duration
}

// EnsureTopics creates the topics that are missing and returns when all of them can be written to. Topics that exist are
// left as they are. It may be called by several processes at once.
func EnsureTopics(ctx context.Context, brokers []string, specs []TopicSpec) error {
	if err := ping(ctx, brokers, 3*time.Second); err != nil {
		return err
	}
	transport := &kafkago.Transport{ClientID: "earshot", MetadataTTL: 250 * time.Millisecond}
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(brokers...), Timeout: 10 * time.Second, Transport: transport}

	missing, err := notReady(ctx, client, specs)
	if err != nil || len(missing) == 0 {
		return err
	}
	res, err := client.CreateTopics(ctx, &kafkago.CreateTopicsRequest{Topics: configs(missing)})
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for _, s := range missing {
		if err := res.Errors[s.Name]; err != nil && !errors.Is(err, kafkago.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", s.Name, err)
		}
	}
	for {
		missing, err = notReady(ctx, client, specs)
		if err != nil || len(missing) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for topic %s: %w", missing[0].Name, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// notReady lists the topics without partitions, or with a partition that nobody leads.
func notReady(ctx context.Context, client *kafkago.Client, specs []TopicSpec) ([]TopicSpec, error) {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	meta, err := client.Metadata(ctx, &kafkago.MetadataRequest{Topics: names})
	if err != nil {
		return nil, fmt.Errorf("ask for topics: %w", err)
	}
	ready := make(map[string]bool, len(meta.Topics))
	for _, t := range meta.Topics {
		ok := t.Error == nil && len(t.Partitions) > 0
		for _, p := range t.Partitions {
			ok = ok && p.Error == nil
		}
		ready[t.Name] = ok
		if t.Error != nil && !errors.Is(t.Error, kafkago.UnknownTopicOrPartition) && !errors.Is(t.Error, kafkago.LeaderNotAvailable) {
			return nil, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		}
	}
	var missing []TopicSpec
	for _, s := range specs {
		if !ready[s.Name] {
			missing = append(missing, s)
		}
	}
	return missing, nil
}

func configs(specs []TopicSpec) []kafkago.TopicConfig {
	out := make([]kafkago.TopicConfig, len(specs))
	for i, s := range specs {
		out[i] = kafkago.TopicConfig{Topic: s.Name, NumPartitions: s.Partitions, ReplicationFactor: s.ReplicationFactor}
		if s.Partitions == 0 {
			out[i].NumPartitions = -1
		}
		if s.ReplicationFactor == 0 {
			out[i].ReplicationFactor = -1
		}
		if s.Retention > 0 {
			out[i].ConfigEntries = []kafkago.ConfigEntry{{
				ConfigName: "retention.ms", ConfigValue: strconv.FormatInt(s.Retention.Milliseconds(), 10),
			}}
		}
	}
	return out
}
