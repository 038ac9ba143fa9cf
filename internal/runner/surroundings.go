package runner

import (
	"fmt"
	"net/url"
	"os"
	"os/user"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// surroundings is the part of the environment's description that is the same
// for each job.
var surroundings = sync.OnceValue(func() string {
	var u unix.Utsname
	_ = unix.Uname(&u)
	account := ""
	if me, err := user.Current(); err == nil {
		account = me.Username
	}
	host, _ := os.Hostname()
	return fmt.Sprintf("  OperatingSystem: %s %s %s %s\n  CurrentUser: %s\n  HostName: %s\n  ProcessorCount: %d\n  TempDirectory: %s\n  HostProcessID: %d\n",
		unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Version[:]),
		unix.ByteSliceToString(u.Machine[:]), account, host, runtime.NumCPU(), os.TempDir(), os.Getpid())
})

// proxies are the proxy settings of a script's environment: those of the job
// or of the machine's environment, in the form that most programs read.
func (e *Env) proxies() []string {
	get := func(name string) string {
		if value, ok := e.Vars.Get(name); ok {
			return value
		}
		for _, pair := range e.Environ {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
	host := get("TentacleProxyHost")
	if host == "" || get("HTTP_PROXY") != "" {
		return nil
	}
	port := get("TentacleProxyPort")
	if port == "" {
		port = "80"
	}
	address := url.URL{Scheme: "http", Host: host + ":" + port}
	if name := get("TentacleProxyUsername"); name != "" {
		address.User = url.UserPassword(name, get("TentacleProxyPassword"))
	}
	env := []string{
		"TentacleProxyHost=" + host, "TentacleProxyPort=" + port,
		"TentacleProxyUsername=" + get("TentacleProxyUsername"), "TentacleProxyPassword=" + get("TentacleProxyPassword"),
		"TentacleUseDefaultProxy=" + get("TentacleUseDefaultProxy"),
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		env = append(env, name+"="+address.String())
	}
	if get("NO_PROXY") == "" {
		env = append(env, "NO_PROXY=127.0.0.1,localhost,169.254.169.254", "no_proxy=127.0.0.1,localhost,169.254.169.254")
	}
	return env
}
