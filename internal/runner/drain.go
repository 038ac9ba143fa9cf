package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// drains reads the pipes of one process into their writers. A process that
// prints nothing holds no buffer.
type drains struct {
	readers []*os.File
	writers []int
	to      []io.Writer
}

func (d *drains) add(to io.Writer) (uintptr, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return 0, fmt.Errorf("making a pipe: %w", err)
	}
	if err := unix.SetNonblock(p[0], true); err != nil {
		unix.Close(p[0])
		unix.Close(p[1])
		return 0, fmt.Errorf("making a pipe: %w", err)
	}
	d.readers = append(d.readers, os.NewFile(uintptr(p[0]), "pipe"))
	d.writers, d.to = append(d.writers, p[1]), append(d.to, to)
	return uintptr(p[1]), nil
}

func (d *drains) closeWriters() {
	for _, fd := range d.writers {
		unix.Close(fd)
	}
}

func (d *drains) closeReaders() {
	for _, r := range d.readers {
		r.Close()
	}
}

// start reads until every pipe is at its end, which closes the channel. What
// outlives its job goes on writing into a pipe that is still read.
func (d *drains) start() <-chan struct{} {
	done := make(chan struct{})
	var left sync.WaitGroup
	left.Add(len(d.readers))
	for i := range d.readers {
		go func() {
			drain(d.readers[i], d.to[i])
			left.Done()
			if i == 0 {
				left.Wait()
				close(done)
			}
		}()
	}
	return done
}

var drainBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

func drain(r *os.File, to io.Writer) {
	defer r.Close()
	raw, err := r.SyscallConn()
	if err != nil {
		return
	}
	for over := false; !over && err == nil; {
		err = raw.Read(func(fd uintptr) bool {
			buf := drainBuffers.Get().(*[]byte)
			defer drainBuffers.Put(buf)
			n, err := unix.Read(int(fd), *buf)
			switch {
			case errors.Is(err, unix.EAGAIN):
				return false
			case errors.Is(err, unix.EINTR):
				return true
			case n <= 0 || err != nil:
				over = true
				return true
			}
			_, err = to.Write((*buf)[:n])
			over = err != nil
			return true
		})
	}
}
