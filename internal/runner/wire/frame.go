// Package wire is the language between a server and the far end: many
// streams over one pair of pipes, the job in bytes, and the records of a
// job's output, which are the same on the wire and in the log file.
//
// Each stream has a window of its own, so a reader that is slow holds up its
// own stream and nothing else, and memory stays within the windows.
package wire

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Magic opens the far end's side of a conversation. Whatever a login shell
// prints before it is skipped.
const Magic = "\x00tako/1\n"

// maxPayload keeps a frame with its header inside one SSH packet of 32 KiB.
const maxPayload = 32*1024 - 64

const headerSize = 8

type frameKind byte

const (
	frameOpen   frameKind = iota + 1 // a new stream: window u32, then the request
	frameData                        // bytes of a stream
	frameEnd                         // no more data from this side
	frameReset                       // the stream is over; the payload says why
	frameWindow                      // u32 more bytes may be sent
	framePing                        // answer with a pong
	framePong
)

// endFlag on an open or data frame says that it is the last of its side, so
// that a short exchange is one frame each way.
const endFlag frameKind = 0x80

type frame struct {
	stream  uint32
	kind    frameKind
	payload []byte
}

func putHeader(b []byte, stream uint32, kind frameKind, length int) {
	binary.BigEndian.PutUint32(b, stream)
	binary.BigEndian.PutUint32(b[4:], uint32(kind)<<24|uint32(length))
}

// readFrame reads one frame; the payload lies in a buffer from take.
func readFrame(r io.Reader, head []byte, take func(int) []byte) (frame, error) {
	if _, err := io.ReadFull(r, head[:headerSize]); err != nil {
		return frame{}, err
	}
	word := binary.BigEndian.Uint32(head[4:])
	f := frame{stream: binary.BigEndian.Uint32(head), kind: frameKind(word >> 24)}
	length := int(word & 0xffffff)
	if length > maxPayload {
		return frame{}, fmt.Errorf("frame of %d bytes is over the limit of %d", length, maxPayload)
	}
	if length == 0 {
		return f, nil
	}
	f.payload = take(length)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, err
	}
	return f, nil
}
