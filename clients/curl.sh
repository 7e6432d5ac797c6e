#!/bin/sh
# An order, a question and an answer, with nothing but curl.
set -eu
curl -sSf -u "$WRITE_KEY:" "$RAPPORT_URL/v1/track" -H 'Content-Type: application/json' -d '{
  "userId": "curl", "event": "Order Completed", "messageId": "curl-order-1",
  "properties": {"order_id": "1", "revenue": 7.5, "currency": "EUR",
                 "products": [{"product_id": "p1", "price": 7.5, "quantity": 1}]}}'
curl -sSf -H "Authorization: Bearer $SERVER_KEY" "$RAPPORT_URL/v1/decide" -d '{
  "decision": "recommend", "userId": "curl", "n": 5}'
