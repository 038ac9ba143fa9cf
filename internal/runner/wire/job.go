package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/takodeploy/tako/internal/runner"
)

// MaxJob is the most bytes that a job may take.
const MaxJob = 64 << 20

// EncodeJob gives a job as bytes: its JSON, the number of variables, each
// variable's kind, name and value, and the files' data. Values and data are
// as they are, since either may be any bytes.
func EncodeJob(job *runner.Job) ([]byte, error) {
	head, err := json.Marshal(job)
	if err != nil {
		return nil, fmt.Errorf("encoding a job: %w", err)
	}
	size := 8 + len(head)
	for _, v := range job.Variables {
		size += 9 + len(v.Name) + len(v.Value)
	}
	for _, f := range job.Files {
		size += 4 + len(f.Data)
	}
	if size > MaxJob {
		return nil, fmt.Errorf("job of %d bytes is over the limit of %d", size, MaxJob)
	}
	b := appendPart(make([]byte, 0, size), head)
	b = binary.BigEndian.AppendUint32(b, uint32(len(job.Variables)))
	for _, v := range job.Variables {
		kind := byte(0)
		if v.Sensitive {
			kind = sensitive
		}
		b = appendPart(appendPart(append(b, kind), v.Name), v.Value)
	}
	for _, f := range job.Files {
		b = appendPart(b, f.Data)
	}
	return b, nil
}

const sensitive = 1

func appendPart[T string | []byte](b []byte, part T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(part))), part...)
}

var errJob = errors.New("job is cut off or malformed")

func cut(b []byte) (part, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errJob
	}
	n := int(binary.BigEndian.Uint32(b))
	if len(b)-4 < n {
		return nil, nil, errJob
	}
	return b[4 : 4+n], b[4+n:], nil
}

// DecodeJob reads what EncodeJob made.
func DecodeJob(b []byte) (*runner.Job, error) {
	head, b, err := cut(b)
	if err != nil {
		return nil, err
	}
	job := &runner.Job{}
	if err := json.Unmarshal(head, job); err != nil {
		return nil, fmt.Errorf("decoding a job: %w", err)
	}
	if b, err = decodeVariables(b, job); err != nil {
		return nil, err
	}
	var part []byte
	for i := range job.Files {
		if part, b, err = cut(b); err != nil {
			return nil, err
		}
		job.Files[i].Data = part
	}
	return job, nil
}

func decodeVariables(b []byte, job *runner.Job) ([]byte, error) {
	if len(b) < 4 {
		return nil, errJob
	}
	count := int(binary.BigEndian.Uint32(b))
	if b = b[4:]; count > len(b)/9 {
		return nil, errJob
	}
	if count > 0 {
		job.Variables = make([]runner.Variable, count)
	}
	for i := range job.Variables {
		if len(b) == 0 {
			return nil, errJob
		}
		v := &job.Variables[i]
		v.Sensitive = b[0]&sensitive != 0
		name, rest, err := cut(b[1:])
		if err != nil {
			return nil, err
		}
		value, rest, err := cut(rest)
		if err != nil {
			return nil, err
		}
		v.Name, v.Value, b = string(name), string(value), rest
	}
	return b, nil
}
