// Events through Segment's library and a decision through net/http, from Go.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/segmentio/analytics-go/v3"
)

func main() {
	url := os.Getenv("RAPPORT_URL")
	client, err := analytics.NewWithConfig(os.Getenv("WRITE_KEY"), analytics.Config{Endpoint: url})
	if err != nil {
		log.Fatal(err)
	}
	err = client.Enqueue(analytics.Track{
		UserId:     "go",
		Event:      "Product Viewed",
		Properties: analytics.NewProperties().Set("product_id", "p1"),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}

	question := strings.NewReader(`{"decision": "recommend", "userId": "go", "n": 5}`)
	request, err := http.NewRequest("POST", url+"/v1/decide", question)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SERVER_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	if answer.StatusCode != http.StatusOK {
		os.Exit(1)
	}
}
