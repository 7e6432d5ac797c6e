<?php
// An order and a decision from PHP, without any package.

function rapport(string $path, array $body, string $key): array
{
    $request = curl_init(getenv('RAPPORT_URL') . $path);
    curl_setopt_array($request, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 5,
        CURLOPT_HTTPHEADER => ["Authorization: Bearer $key", 'Content-Type: application/json'],
        CURLOPT_POSTFIELDS => json_encode($body),
    ]);
    $answer = curl_exec($request);
    $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
    if ($answer === false || $status >= 300) {
        throw new RuntimeException("Rapport answered $status: " . ($answer ?: curl_error($request)));
    }
    return json_decode($answer, true);
}

rapport('/v1/batch', ['batch' => [[
    'type' => 'track',
    'userId' => 'php',
    'event' => 'Order Completed',
    // The same id for the same order: sending it again changes nothing.
    'messageId' => 'php-order-1',
    'properties' => [
        'order_id' => '1', 'revenue' => 7.5, 'currency' => 'EUR',
        'products' => [['product_id' => 'p1', 'price' => 7.5, 'quantity' => 1]],
    ],
]]], getenv('WRITE_KEY'));

$answer = rapport('/v1/decide', ['decision' => 'recommend', 'userId' => 'php', 'n' => 5], getenv('SERVER_KEY'));
foreach ($answer['items'] as $item) {
    echo $item['id'], "\n";
}
