package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// untilReady is started before the broker and prints the moments, in seconds since 1970, at which it first answered ApiVersions
// and, if topics are named, first gave the end offset of all their partitions.
func untilReady(f Flags) (Figures, error) {
	deadline := time.Now().Add(f.wait)
	figures := Figures{}
	for {
		if connection, err := dial(f.bootstrap); err == nil {
			request, response := kmsg.NewPtrApiVersionsRequest(), kmsg.NewPtrApiVersionsResponse()
			_ = connection.SetDeadline(deadline)
			err = connection.ask(request, response)
			_ = connection.Close()
			if err == nil && response.ErrorCode == 0 {
				figures["answeredAt"] = now()
				break
			}
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no answer from %s in %s", f.bootstrap, f.wait)
		}
		time.Sleep(time.Millisecond)
	}
	if f.topics == "" {
		return figures, nil
	}
	client, err := newClient(f)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for {
		ends, err := endOffsets(context.Background(), client, f)
		if err == nil {
			figures["readyAt"] = now()
			for _, offsets := range ends {
				figures["records"] += float64(sum(offsets))
			}
			return figures, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("not all partitions of %s answer after %s: %w", f.topics, f.wait, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }
