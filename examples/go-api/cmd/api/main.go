// The api command serves a small HTTP API: time zones, identifiers, and what another service says.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	address := ":" + setting("PORT", "8000")
	server := &http.Server{
		Addr:              address,
		Handler:           routes(log, os.Getenv("UPSTREAM_URL")),
		ReadHeaderTimeout: 10 * time.Second,
	}
	stopped, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	go func() {
		<-stopped.Done()
		// Requests that are being answered get their answers.
		grace, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		log.Info("stopping")
		if err := server.Shutdown(grace); err != nil {
			log.Error("not all requests were answered", "error", err)
		}
	}()
	log.Info("listening", "address", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Error("cannot serve", "error", err)
		os.Exit(1)
	}
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
