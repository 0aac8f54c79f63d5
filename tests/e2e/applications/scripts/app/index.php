<?php
// One of everything that extensions, the C library and other files have a part in.
session_start();
$_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;
$database = new PDO('sqlite::memory:');
$database->exec('CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (20), (22)');
$fetch = curl_init(getenv('UPSTREAM_URL') . '/greeting');
curl_setopt_array($fetch, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => getenv('SSL_CERT_FILE')]);
$stream = stream_context_create(['ssl' => ['cafile' => getenv('SSL_CERT_FILE')]]);
$there = new DateTimeImmutable('2026-07-01 12:00', new DateTimeZone('Asia/Tokyo'));
header('Content-Type: application/json; charset=utf-8');
echo json_encode([
    'session' => $_SESSION['count'],
    'upper' => mb_strtoupper('grüße'),
    'sorted' => (function () {
        $words = ['Zebra', 'Äpfel', 'Apfel'];
        (new Collator('de_DE'))->sort($words);
        return $words;
    })(),
    'number' => (new NumberFormatter('de_DE', NumberFormatter::DECIMAL))->format(1234567.891),
    'zone' => $there->setTimezone(new DateTimeZone('America/New_York'))->format('c T'),
    'kind' => (new finfo(FILEINFO_MIME_TYPE))->buffer("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0"),
    'iconv' => bin2hex(iconv('UTF-8', 'SHIFT_JIS', '日本')),
    'sum' => (int) $database->query('SELECT SUM(n) FROM t')->fetchColumn(),
    'curl' => curl_exec($fetch) ?: curl_error($fetch),
    'stream' => file_get_contents(getenv('UPSTREAM_URL') . '/greeting', context: $stream),
    'password' => password_verify('geheim', password_hash('geheim', PASSWORD_ARGON2ID)),
    'cached' => opcache_get_status(false)['opcache_enabled'] ?? false,
    'xml' => (string) (ctype_alpha('abc') ? gettext('same') : ''),
    'posted' => $_POST['text'] ?? '',
    'extensions' => get_loaded_extensions(),
    'user' => posix_getuid(),
], JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
