package main

import (
	"os"

	"github.com/takodeploy/tako/internal/api"
)

type openapiCommand struct{}

// Run prints the description of the API.
func (openapiCommand) Run() error {
	text, err := api.Describe(version)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}
