package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/takodeploy/tako/internal/runner"
)

// RecordKind says what a record holds.
type RecordKind byte

// The kinds of record. An exit ends a followed stream and is not in the log.
// The open kinds are of a line whose end never came.
const (
	RecordStdout     RecordKind = 1
	RecordStderr     RecordKind = 2
	RecordExit       RecordKind = 3
	RecordError      RecordKind = 4
	RecordOpenStdout RecordKind = 5
	RecordOpenStderr RecordKind = 6
)

// Opened is the kind of a line's record whose end never came.
func (k RecordKind) Opened() RecordKind {
	if k == RecordStderr {
		return RecordOpenStderr
	}
	return RecordOpenStdout
}

// RecordHeader is the size of what stands before a record's text: length of
// the rest u32, kind u8, sequence u64, unix nanoseconds u64.
const RecordHeader = 4 + 1 + 8 + 8

// MaxText is the longest text of a line; a longer one is cut into several.
const MaxText = 64 * 1024

const maxRecord = 1 << 20

// Record is one entry of a job's output.
type Record struct {
	Kind RecordKind
	Seq  int64
	Time int64 // unix nanoseconds
	Text []byte
}

// Size is how many bytes the record takes.
func (r Record) Size() int64 { return RecordHeader + int64(len(r.Text)) }

// AppendRecord adds the record's bytes to b.
func AppendRecord(b []byte, r Record) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(RecordHeader-4+len(r.Text)))
	b = append(b, byte(r.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Time))
	return append(b, r.Text...)
}

// ErrTorn is a record that is cut off or makes no sense, as the last one of
// a log may be after a crash.
var ErrTorn = errors.New("record is cut off")

// ParseRecord takes the first record off b. Text is part of b. It reports
// false when b holds no whole record.
func ParseRecord(b []byte) (r Record, rest []byte, ok bool, err error) {
	if len(b) < RecordHeader {
		return r, b, false, nil
	}
	length := binary.BigEndian.Uint32(b)
	if length < RecordHeader-4 || length > maxRecord {
		return r, b, false, ErrTorn
	}
	end := 4 + int(length)
	if len(b) < end {
		return r, b, false, nil
	}
	r = Record{
		Kind: RecordKind(b[4]), Seq: int64(binary.BigEndian.Uint64(b[5:])),
		Time: int64(binary.BigEndian.Uint64(b[13:])), Text: b[RecordHeader:end],
	}
	return r, b[end:], true, nil
}

// Line makes a line of a record.
func (r Record) Line() runner.Line {
	stream := runner.Stdout
	if r.Kind == RecordStderr || r.Kind == RecordOpenStderr {
		stream = runner.Stderr
	}
	open := r.Kind == RecordOpenStdout || r.Kind == RecordOpenStderr
	return runner.Line{Seq: r.Seq, Time: time.Unix(0, r.Time).UTC(), Stream: stream, Text: string(r.Text), Open: open}
}

// Request is what a stream is opened with.
type Request struct {
	Op      string          `json:"op"`
	Ticket  string          `json:"ticket,omitempty"`
	After   int64           `json:"after,omitempty"`
	Path    string          `json:"path,omitempty"`
	Package *runner.Package `json:"package,omitempty"`
}

// The operations.
const (
	OpHello    = "hello"
	OpProbe    = "probe"
	OpStart    = "start"
	OpFollow   = "follow"
	OpHas      = "has"
	OpPut      = "put"
	OpGet      = "get"
	OpCancel   = "cancel"
	OpComplete = "complete"
	OpRetire   = "retire"
	OpAhead    = "ahead"
)

// Reply is the first thing that comes back on a stream.
type Reply struct {
	Error  *Error `json:"error,omitempty"`
	Have   bool   `json:"have,omitempty"`
	Size   int64  `json:"size,omitempty"`
	Agent  string `json:"agent,omitempty"` // hash of the host's program
	Active int    `json:"active,omitempty"`
	Host   *Host  `json:"host,omitempty"`

	Waits bool           `json:"waits,omitempty"` // the job has not had its turn yet
	Ahead []runner.Ahead `json:"ahead,omitempty"`
}

// Host is what the far end says of its machine.
type Host struct {
	OS           string   `json:"os"`
	Arch         string   `json:"arch"`
	Distribution string   `json:"distribution,omitempty"`
	Kernel       string   `json:"kernel,omitempty"`
	Hostname     string   `json:"hostname,omitempty"`
	User         string   `json:"user,omitempty"`
	Home         string   `json:"home,omitempty"`
	Shells       []string `json:"shells,omitempty"`
	DiskFree     int64    `json:"diskFree"`
	DiskTotal    int64    `json:"diskTotal"`
	MemoryTotal  int64    `json:"memoryTotal"`
	Version      string   `json:"version,omitempty"`
}

// The codes of an error that the caller tells apart.
const (
	CodeInvalid  = "invalid"
	CodeNotFound = "not-found"
	CodeDiskFull = "disk-full"
	CodeBusy     = "busy"
	CodeInternal = "internal"
)

// Error is a failure at the far end.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the far end's sentence.
func (e *Error) Error() string { return e.Message }

// Errorf makes an error with a code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

const maxMessage = 4 << 20

// WriteMessage sends v as JSON with its length before it.
func WriteMessage(s *Stream, v any) error {
	b, err := message(v)
	if err == nil {
		_, err = s.Write(b)
	}
	return err
}

// WriteLastMessage sends v, and that no more comes.
func WriteLastMessage(s *Stream, v any) error {
	b, err := message(v)
	if err != nil {
		return err
	}
	return s.WriteLast(b)
}

func message(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding a message: %w", err)
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), uint32(len(data)))
	return append(b, data...), nil
}

// ReadMessage reads what WriteMessage sent.
func ReadMessage(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return ErrClosed
		}
		return err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > maxMessage {
		return fmt.Errorf("message of %d bytes is too long", length)
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r, data); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}
