// Command packaging makes what people install: Debian packages and a container
// image. It needs no tools but itself, and the same source gives the same bytes.
//
//	go run ./packaging deb   -version V -arch amd64 -binary FILE -out DIR
//	go run ./packaging image -version V -arch amd64 -binary FILE -out DIR
//	go run ./packaging operator -version V -arch amd64 -binary FILE -out DIR
//	go run ./packaging worker -version V -arch amd64 -binary AGENT -debs DIR -out DIR
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"
)

// product is what is packed.
type product struct {
	Version, Arch string
	Binary        string // path of the program
	Debs          string // folder of the Debian packages of a worker's image
	Out           string // folder for what is made
	Made          time.Time
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say what to make: deb, image, operator or worker")
	}
	var p product
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&p.Version, "version", "", "version of the product")
	flags.StringVar(&p.Arch, "arch", "amd64", "amd64 or arm64")
	flags.StringVar(&p.Binary, "binary", "", "the static program")
	flags.StringVar(&p.Debs, "debs", "", "folder of Debian packages that a worker's image is made of")
	flags.StringVar(&p.Out, "out", "dist", "folder to write to")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if p.Version == "" || p.Binary == "" {
		return fmt.Errorf("-version and -binary are needed")
	}
	p.Made = sourceDate()
	if err := os.MkdirAll(p.Out, 0o755); err != nil {
		return err
	}
	var path string
	var err error
	switch args[0] {
	case "deb":
		path, err = p.deb()
	case "image":
		path, err = p.image()
	case "operator":
		path, err = p.operator()
	case "worker":
		path, err = p.worker()
	default:
		err = fmt.Errorf("there is no %q to make: deb, image, operator or worker", args[0])
	}
	if err == nil {
		fmt.Println(path)
	}
	return err
}

// sourceDate is the time that everything packed bears: that of the source, not
// that of the build.
func sourceDate() time.Time {
	n, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		n = 0
	}
	return time.Unix(n, 0).UTC()
}
