package step

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

func TestSendTrial(t *testing.T) {
	box := &mailbox{}
	settings := newMailbox(t, box, "none")
	if err := settings.SendTrial(context.Background(), "ann@example.test", "one", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if len(box.messages) != 1 || box.messages[0].to[0] != "ann@example.test" || !strings.Contains(box.messages[0].text, "It can.") {
		t.Errorf("sent %+v", box.messages)
	}
	box.refuse = "bob@example.test"
	for to, want := range map[string]string{"bob@example.test": "bob@example.test", "nobody": "is not an e-mail address"} {
		if err := settings.SendTrial(context.Background(), to, "two", time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if err := (Mail{}).SendTrial(context.Background(), "ann@example.test", "three", time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), "not set up") {
		t.Errorf("without settings: %v", err)
	}
}

func TestMailTrialCheck(t *testing.T) {
	for address, good := range map[string]bool{"ann@example.test": true, "": false, "ann": false, "a@b, c@d": false} {
		if err := (MailTrial{EmailAddress: address}).Check(); (err == nil) != good || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
