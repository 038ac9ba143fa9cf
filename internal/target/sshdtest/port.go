package sshdtest

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// ReservePort gives a port of an IPv4 address at which nobody listens. Until
// this process ends, nobody is given it by chance: a socket is bound to it that
// neither listens nor keeps a server from doing so, however often that is
// started again.
func ReservePort(host string) (int, error) {
	ip := net.ParseIP(host).To4()
	if ip == nil {
		return 0, fmt.Errorf("%q is not an IPv4 address", host)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	port, err := bindAny(fd, [4]byte(ip))
	if err != nil {
		syscall.Close(fd)
		return 0, fmt.Errorf("reserving a port of %s: %w", host, err)
	}
	return port, nil
}

// bindAny binds a socket in the way in which servers share an address with what
// does not listen.
func bindAny(fd int, ip [4]byte) (int, error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: ip}); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	return name.(*syscall.SockaddrInet4).Port, nil
}
