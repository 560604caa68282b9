package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// createTopics makes the topics that are missing; those that a data directory brought along stay as they are.
func createTopics(ctx context.Context, addrs []string, topics []Topic) error {
	if len(topics) == 0 {
		return nil
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...))
	if err != nil {
		return fmt.Errorf("embedded Kafka: %w", err)
	}
	defer client.Close()
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = 10_000
	for _, t := range topics {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = t.Name, int32(t.Partitions), 1
		if t.Retention > 0 {
			retention := strconv.FormatInt(t.Retention.Milliseconds(), 10)
			topic.Configs = append(topic.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: "retention.ms", Value: &retention})
		}
		req.Topics = append(req.Topics, topic)
	}
	res, err := req.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("embedded Kafka: create topics: %w", err)
	}
	for _, t := range res.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("embedded Kafka: create topic %s: %w", t.Topic, err)
		}
	}
	return nil
}
