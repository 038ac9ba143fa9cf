package runner

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// memory is text that a job's process reads like a file but that is on no
// disk: an anonymous file of this process, opened by the path below while
// the job runs. It is not inherited, so nothing that a script leaves running
// holds it.
type memory struct {
	fd   int
	path string
}

func newMemory(name string, data []byte) (*memory, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an anonymous file: %w", err)
	}
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err != nil && !errors.Is(err, unix.EINTR) {
			unix.Close(fd)
			return nil, fmt.Errorf("filling an anonymous file: %w", err)
		}
		data = data[max(n, 0):]
	}
	return &memory{fd: fd, path: fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd)}, nil
}

func (m *memory) close() { unix.Close(m.fd) }

// memory makes an anonymous file that lasts until the job's end.
func (e *Env) memory(name string, data []byte) (string, error) {
	m, err := newMemory(name, data)
	if err != nil {
		return "", err
	}
	e.AtEnd(m.close)
	return m.path, nil
}
