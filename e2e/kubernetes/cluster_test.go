package kubernetes

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers its driver
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// near listens where the pods of a cluster of this machine reach it.
func near(t *testing.T, cluster string) net.Listener {
	t.Helper()
	at, err := url.Parse(cluster)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(at.Hostname(), "0"))
	if err != nil {
		t.Skipf("the cluster is not on this machine: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// relay passes connections on.
func relay(l net.Listener, to string) {
	for {
		a, err := l.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", to)
		if err != nil {
			a.Close()
			continue
		}
		go func() { io.Copy(a, b); a.Close(); b.Close() }()
		go func() { io.Copy(b, a); a.Close(); b.Close() }()
	}
}

// storage is a database and a bucket for one test, as the chart wants them.
func storage(t *testing.T, cluster string) []string {
	t.Helper()
	text := os.Getenv("TAKO_TEST_POSTGRES")
	if text == "" {
		t.Skip("there is no PostgreSQL: set TAKO_TEST_POSTGRES, or run the test through scripts/postgres")
	}
	db, err := sql.Open("pgx", text)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("chart_%d", time.Now().UnixNano())
	if _, err := db.Exec("create database " + name); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	database, files := near(t, cluster), near(t, cluster)
	go relay(database, at.Host)
	at.Host, at.Path = database.Addr().String(), "/"+name
	bucket := s3mem.New()
	if err := bucket.CreateBucket("tako-test"); err != nil {
		t.Fatal(err)
	}
	go http.Serve(files, gofakes3.New(bucket).Server())
	return []string{"database.url=" + at.String(), "blob.store=s3://tako-test/files", "blob.endpoint=http://" + files.Addr().String(),
		"blob.region=here", "blob.accessKey=key", "blob.secretKey=secret"}
}

// TestChartServesACluster installs two servers on PostgreSQL and a bucket, and
// removes by force the one that a deployment runs on.
func TestChartServesACluster(t *testing.T) {
	i, took := installWith(t, func(address string) []string {
		return append(storage(t, address), "replicaCount=2", "persistence.enabled=false")
	})
	t.Logf("from the install to a served login: %v", took)
	ns := i.cluster.Namespace
	kubectl(t, "", "-n", ns, "rollout", "status", "statefulset/tako", "--timeout=120s")
	i.project("Slow", "echo begun; while [ ! -e /tmp/gate ]; do sleep 0.2; done; echo finished")
	task := i.deploy("Slow")
	i.until("the slow one has begun", 2*time.Minute, func() bool {
		var log string
		return i.Do("GET", "/api/tasks/"+task+"/raw", nil, &log) == nil && strings.Contains(log, "begun")
	})
	node, _ := i.must(i.Get("/api/tasks/" + task))["ServerNode"].(string)
	if node != "tako-0" && node != "tako-1" {
		t.Fatalf("the task runs on %q", node)
	}
	began := time.Now()
	kubectl(t, "", "-n", ns, "delete", "pod", node, "--grace-period=0", "--force")
	pod := strings.TrimSpace(kubectl(t, "", "-n", ns, "get", "pods", "-l", "tako.dev/task="+task, "-o", "name"))
	kubectl(t, "", "-n", ns, "exec", pod, "-c", "worker", "--", "touch", "/tmp/gate")
	state, log := i.end(task)
	t.Logf("from the loss of the node to the end of its deployment: %v", time.Since(began))
	if state != "Success" || strings.Count(log, "begun") != 1 || strings.Count(log, "finished") != 1 {
		t.Errorf("it ended as %s:\n%s", state, log)
	}
}
