// Command pause holds the namespaces of a pod open, as the pause image of Kubernetes does: it waits until it is told to
// end. It is the only program of the sandbox image of the test cluster.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
}
