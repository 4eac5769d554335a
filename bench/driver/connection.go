package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// connection is a bare socket that speaks the protocol: one request, then its answer. Its buffers are reused.
type connection struct {
	*net.TCPConn
	out, in []byte
}

func dial(address string) (*connection, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	tcp := socket.(*net.TCPConn)
	// Ends with a reset: thousands of sockets in TIME_WAIT would take the ports of the next run.
	_ = tcp.SetLinger(0)
	return &connection{TCPConn: tcp}, nil
}

func (c *connection) ask(request kmsg.Request, response kmsg.Response) error {
	if err := c.send(request); err != nil {
		return err
	}
	return c.receive(request, response)
}

func (c *connection) send(request kmsg.Request) error {
	c.out = kmsg.NewRequestFormatter(kmsg.FormatterClientID("bench")).AppendRequest(c.out[:0], request, 1)
	_, err := c.Write(c.out)
	return err
}

func (c *connection) receive(request kmsg.Request, response kmsg.Response) error {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return err
	}
	length := int(binary.BigEndian.Uint32(size[:]))
	if cap(c.in) < length {
		c.in = make([]byte, length)
	}
	c.in = c.in[:length]
	if _, err := io.ReadFull(c, c.in); err != nil {
		return err
	}
	response.SetVersion(request.GetVersion())
	body := c.in[4:]
	// A flexible answer has tags in its header, except that of ApiVersions.
	if response.IsFlexible() && response.Key() != 18 {
		if len(body) == 0 || body[0] != 0 {
			return fmt.Errorf("an answer header with tags, which no broker sends to api key %d", response.Key())
		}
		body = body[1:]
	}
	return response.ReadFrom(body)
}
