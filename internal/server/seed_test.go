package server

import (
	"strings"
	"testing"
)

func TestWelcomeSaysHowToSignIn(t *testing.T) {
	var out strings.Builder
	if err := welcome(&out, "http://127.0.0.1:8080/app", "admin", "S3CRET"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Tako       http://127.0.0.1:8080/app\n", "User name  admin\n", "Password   S3CRET\n", "change it after signing in"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q says nothing of %q", out.String(), want)
		}
	}
}
