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

// EncodeJob gives a job as bytes: its JSON, and after it the values of the
// variables and the files' data as they are, since either may be any bytes.
func EncodeJob(job *runner.Job) ([]byte, error) {
	head, err := json.Marshal(job)
	if err != nil {
		return nil, fmt.Errorf("encoding a job: %w", err)
	}
	size := 4 + len(head)
	for _, v := range job.Variables {
		size += 4 + len(v.Value)
	}
	for _, f := range job.Files {
		size += 4 + len(f.Data)
	}
	if size > MaxJob {
		return nil, fmt.Errorf("job of %d bytes is over the limit of %d", size, MaxJob)
	}
	b := make([]byte, 0, size)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(head))), head...)
	for _, v := range job.Variables {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(v.Value))), v.Value...)
	}
	for _, f := range job.Files {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f.Data))), f.Data...)
	}
	return b, nil
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
	var part []byte
	for i := range job.Variables {
		if part, b, err = cut(b); err != nil {
			return nil, err
		}
		job.Variables[i].Value = string(part)
	}
	for i := range job.Files {
		if part, b, err = cut(b); err != nil {
			return nil, err
		}
		job.Files[i].Data = part
	}
	return job, nil
}
