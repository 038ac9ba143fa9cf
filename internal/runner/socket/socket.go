// Package socket is the meeting place of a host and those who talk to it: a
// Unix socket in the home, guarded by a lock that only one host holds, with
// a host started when nobody answers.
//
// A caller either speaks through the connection itself or hands over the two
// ends of a pipe, as tako-agent does with those of its SSH session; then no
// byte passes through the caller.
package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/takodeploy/tako/internal/footprint"
)

// Dir is the folder of the socket: one for each machine, since several may
// share a home.
func Dir(root string) string {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsAny(name, "/\x00") || name[0] == '.' {
		name = "machine"
	}
	return filepath.Join(root, "run", name)
}

// Identity tells one build of the agent from another.
func Identity(program string) string {
	info, err := os.Stat(program)
	if err != nil {
		return program
	}
	return fmt.Sprintf("%s %d %d", filepath.Base(filepath.Dir(program)), info.Size(), info.ModTime().UnixNano())
}

// ErrTaken says that another host already serves the home.
var ErrTaken = errors.New("another agent host serves this home")

// Listener is a host's end of the meeting place.
type Listener struct {
	*net.UnixListener
	lock *os.File
	dir  *os.File
}

// Listen takes the home for this process.
func Listen(root string) (*Listener, error) {
	path := Dir(root)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the socket's folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrTaken
		}
		return nil, fmt.Errorf("locking the home: %w", err)
	}
	dir, err := os.Open(path)
	if err != nil {
		lock.Close()
		return nil, err
	}
	_ = os.Remove(filepath.Join(path, "socket"))
	l, err := net.ListenUnix("unix", address(dir))
	if err != nil {
		lock.Close()
		dir.Close()
		return nil, fmt.Errorf("listening in %s: %w", path, err)
	}
	return &Listener{UnixListener: l, lock: lock, dir: dir}, nil
}

// address names the socket through an open folder, since a path may be
// longer than the 107 bytes that a socket's name may have.
func address(dir *os.File) *net.UnixAddr {
	return &net.UnixAddr{Net: "unix", Name: fmt.Sprintf("/proc/self/fd/%d/socket", dir.Fd())}
}

// Close gives the home free for the next host.
func (l *Listener) Close() error {
	err := l.UnixListener.Close()
	l.dir.Close()
	l.lock.Close()
	return err
}

// Caller is how Dial reaches a host and starts one.
type Caller struct {
	Home  string   // directory that holds .tako
	Agent string   // the agent program
	Env   []string // for a host that is started; nil for this process's own

	Attach bool // wait for a host that somebody else starts
}

// patience is how long a host may take to start.
const patience = 15 * time.Second

// Dial connects to the home's host and starts one when there is none. With
// files, the host speaks through them and the connection only tells how long
// it does; without, it speaks through the connection.
func (c Caller) Dial(ctx context.Context, files ...*os.File) (*net.UnixConn, error) {
	root := filepath.Join(c.Home, ".tako")
	path := Dir(root)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the agent's folder: %w", err)
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the agent's folder: %w", err)
	}
	defer dir.Close()
	deadline := time.Now().Add(patience)
	spawn := time.Time{}
	for wait := 2 * time.Millisecond; ; wait = min(wait*2, 100*time.Millisecond) {
		conn, err := c.greet(dir, files)
		if err == nil {
			return conn, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the agent's host in %s does not answer: %w%s", path, err, lastWords(path))
		}
		if now := time.Now(); now.After(spawn) && !c.Attach {
			spawn = now.Add(time.Second)
			if err := c.spawn(path); err != nil {
				return nil, err
			}
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

// The first byte each way.
const (
	Keep   = 'K' // the host goes on with the caller
	Retire = 'R' // the host makes room for the caller's build
)

func (c Caller) greet(dir *os.File, files []*os.File) (*net.UnixConn, error) {
	conn, err := net.DialUnix("unix", nil, address(dir))
	if err != nil {
		return nil, err
	}
	refuse := func(err error) (*net.UnixConn, error) { conn.Close(); return nil, err }
	mode, rights := byte('D'), []byte(nil)
	if len(files) > 0 {
		mode = 'S'
		var fds []int
		for _, f := range files {
			fds = append(fds, int(f.Fd()))
		}
		rights = unix.UnixRights(fds...)
	}
	identity := Identity(c.Agent)
	identity = identity[:min(len(identity), 255)]
	hello := append([]byte{mode, byte(len(identity))}, identity...)
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, _, err := conn.WriteMsgUnix(hello, rights, nil); err != nil {
		return refuse(err)
	}
	var answer [1]byte
	if _, err := conn.Read(answer[:]); err != nil {
		return refuse(err)
	}
	if answer[0] != Keep {
		return refuse(errors.New("the host makes room for another version"))
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, nil
}

// spawn starts a host in a session of its own, with nothing of ours.
func (c Caller) spawn(path string) error {
	words, err := os.OpenFile(filepath.Join(path, "host.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("opening the host's log: %w", err)
	}
	defer words.Close()
	if info, err := words.Stat(); err == nil && info.Size() > 1<<20 {
		_ = words.Truncate(0)
	}
	cmd := exec.Command(c.Agent, "host", "--home", c.Home)
	cmd.Dir = c.Home
	cmd.Env = c.Env
	cmd.Stderr = words
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// A host inherits from the first how exactly it is woken.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = footprint.Coarse() // it costs more without
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the agent's host: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// lastWords is the end of what hosts had to say.
func lastWords(path string) string {
	data, err := os.ReadFile(filepath.Join(path, "host.log"))
	if err != nil || len(data) == 0 {
		return ""
	}
	return "; its log ends with: " + strings.TrimSpace(string(data[max(0, len(data)-500):]))
}

// Accepted is a caller as the host sees it.
type Accepted struct {
	Conn     *net.UnixConn
	Identity string
	Files    []*os.File // in, out; none when the connection itself is spoken through
}

// Greet reads a caller's greeting. Only the same account is let in.
func Greet(conn *net.UnixConn) (*Accepted, error) {
	if err := samePerson(conn); err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	buf, rights := make([]byte, 512), make([]byte, unix.CmsgSpace(2*4))
	n, rn, _, _, err := conn.ReadMsgUnix(buf, rights)
	if err != nil {
		return nil, err
	}
	a := &Accepted{Conn: conn}
	a.Files, err = receiveFiles(rights[:rn])
	if err != nil {
		return nil, err
	}
	if n < 2 || n < 2+int(buf[1]) || (buf[0] == 'S') != (len(a.Files) == 2) {
		a.Close()
		return nil, errors.New("greeting makes no sense")
	}
	a.Identity = string(buf[2 : 2+int(buf[1])])
	return a, nil
}

// Answer tells the caller whether the host goes on with it.
func (a *Accepted) Answer(b byte) error {
	_, err := a.Conn.Write([]byte{b})
	_ = a.Conn.SetDeadline(time.Time{})
	return err
}

// Close ends the conversation.
func (a *Accepted) Close() error {
	for _, f := range a.Files {
		f.Close()
	}
	return a.Conn.Close()
}

func receiveFiles(rights []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			_ = unix.SetNonblock(fd, true)
			files = append(files, os.NewFile(uintptr(fd), "session"))
		}
	}
	return files, nil
}

func samePerson(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if credErr != nil {
		return credErr
	}
	if uid := uint32(os.Getuid()); cred.Uid != uid && cred.Uid != 0 {
		return fmt.Errorf("caller is account %d and not %d", cred.Uid, uid)
	}
	return nil
}
