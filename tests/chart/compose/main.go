// Prints a compose file as Docker Compose reads it, as JSON, or why it refuses it: compose FILE.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv)
	if err != nil {
		refuse(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		refuse(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(project); err != nil {
		refuse(err)
	}
}

func refuse(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
