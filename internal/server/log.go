package server

import (
	"log/slog"
	"os"

	"github.com/takodeploy/tako/internal/config"
)

// setLog makes the default logger: JSON unless a person watches a terminal. The
// latest lines stay at hand.
func setLog(c config.Log) *recent {
	var level slog.Level
	// Unknown levels were refused when the settings were read.
	_ = level.UnmarshalText([]byte(c.Level))
	o := &slog.HandlerOptions{Level: level}
	text := c.Format == "text"
	if c.Format == "auto" {
		if info, err := os.Stderr.Stat(); err == nil {
			text = info.Mode()&os.ModeCharDevice != 0
		}
	}
	var h slog.Handler = slog.NewJSONHandler(os.Stderr, o)
	if text {
		h = slog.NewTextHandler(os.Stderr, o)
	}
	lines := &recent{}
	slog.SetDefault(slog.New(&remembering{Handler: h, lines: lines}))
	return lines
}
