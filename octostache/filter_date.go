package octostache

import (
	"math"
	"time"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

func nowDate(e *evaluation, input *string, args []string) (*string, error) {
	return formatNow(input, args, dotnet.Moment{Time: e.now(), Zone: dotnet.NoZone})
}

func nowDateUTC(e *evaluation, input *string, args []string) (*string, error) {
	return formatNow(input, args, dotnet.Moment{Time: e.now().UTC(), Zone: dotnet.UTC})
}

// formatNow writes the current time, which takes no input.
func formatNow(input *string, args []string, now dotnet.Moment) (*string, error) {
	if input != nil || len(args) > 1 {
		return nil, nil
	}
	format := "O"
	if len(args) == 1 {
		format = args[0]
	}
	result, ok := now.Format(format)
	if !ok {
		return nil, errDateFormat
	}
	return &result, nil
}

func addHours(e *evaluation, input *string, args []string) (*string, error) {
	return addTime(e, input, args, time.Hour)
}

func addDays(e *evaluation, input *string, args []string) (*string, error) {
	return addTime(e, input, args, 24*time.Hour)
}

// addTime moves a date by a number of units. A date without a zone stays
// without one, and an offset is kept.
func addTime(e *evaluation, input *string, args []string, unit time.Duration) (*string, error) {
	if input == nil || len(args) != 1 {
		return nil, nil
	}
	count, ok := dotnet.ParseFloat(args[0])
	if !ok || math.IsNaN(count) {
		return nil, nil
	}
	moment, ok := dotnet.ParseMoment(*input, e.now())
	if !ok {
		return nil, nil
	}
	moved, ok := moment.Add(count, unit)
	if !ok {
		return nil, nil
	}
	result, ok := moved.Format("O")
	if !ok {
		return nil, nil
	}
	return &result, nil
}
