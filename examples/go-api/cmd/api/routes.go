package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

type object map[string]any

// routes says what is answered at which path; upstream is the service that /upstream asks.
func routes(log *slog.Logger, upstream string) http.Handler {
	router := chi.NewRouter()
	router.Use(logged(log))
	router.Get("/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"status": "ok"})
	})
	router.Get("/time/*", timeIn)
	router.Post("/ids", newIdentifier)
	router.Get("/ids/{id}", readIdentifier)
	router.Get("/upstream", asking(upstream))
	router.Get("/slow", slow)
	router.Get("/about", about)
	return router
}

// logged gives each request an identifier, and writes a line when it has been answered.
func logged(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, began := uuid.NewString(), time.Now()
			w.Header().Set("X-Request-Id", id)
			next.ServeHTTP(w, r)
			log.Info("answered", "id", id, "method", r.Method, "path", r.URL.Path,
				"milliseconds", time.Since(began).Milliseconds())
		})
	}
}

func timeIn(w http.ResponseWriter, r *http.Request) {
	zone, err := time.LoadLocation(chi.URLParam(r, "*"))
	if err != nil {
		answer(w, http.StatusNotFound, object{"error": err.Error()})
		return
	}
	now := time.Now().In(zone)
	short, offset := now.Zone()
	answer(w, http.StatusOK, object{"time": now.Format(time.RFC3339), "zone": short, "offset": offset})
}

func newIdentifier(w http.ResponseWriter, _ *http.Request) {
	id, err := uuid.NewV7()
	if err != nil {
		answer(w, http.StatusInternalServerError, object{"error": err.Error()})
		return
	}
	answer(w, http.StatusCreated, object{"id": id})
}

func readIdentifier(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		answer(w, http.StatusBadRequest, object{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, object{"id": id, "version": int(id.Version())})
}

// asking answers with what the service at url says, whose certificate is verified.
func asking(url string) http.HandlerFunc {
	client := &http.Client{Timeout: 10 * time.Second}
	return func(w http.ResponseWriter, _ *http.Request) {
		response, err := client.Get(url)
		if err != nil {
			answer(w, http.StatusBadGateway, object{"error": err.Error()})
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
		if err != nil {
			answer(w, http.StatusBadGateway, object{"error": err.Error()})
			return
		}
		answer(w, http.StatusOK, object{"status": response.StatusCode, "text": string(text)})
	}
}

// slow takes its time, to show that a request outlives the signal to stop.
func slow(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(2 * time.Second)
	answer(w, http.StatusOK, object{"finished": true})
}

func about(w http.ResponseWriter, _ *http.Request) {
	modules := object{}
	if built, ok := debug.ReadBuildInfo(); ok {
		for _, module := range built.Deps {
			modules[module.Path] = module.Version
		}
	}
	home, _ := os.UserHomeDir()
	answer(w, http.StatusOK, object{
		"uid": os.Getuid(), "home": home, "temporary": os.TempDir(), "modules": modules,
	})
}

func answer(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
