<?php
// A view as a portal's module counts it in MariaDB: who is here, the page's views of the day, and both read again for the box.
$db = new PDO('mysql:unix_socket=' . $_SERVER['STORE'] . ';dbname=portal', 'root', '', [PDO::ATTR_PERSISTENT => true]);
$now = time();
$visitor = md5($_SERVER['REMOTE_ADDR'] . $_SERVER['HTTP_USER_AGENT'] . $_GET['l'] . $_GET['w']);
$db->prepare('INSERT INTO here (visitor, seen) VALUES (?, ?) ON DUPLICATE KEY UPDATE seen = VALUES(seen)')->execute([$visitor, $now]);
if ($now % 60 === 0) {
    $db->prepare('DELETE FROM here WHERE seen < ?')->execute([$now - 300]);
}
$db->prepare('INSERT INTO views (day, page, count) VALUES (CURDATE(), ?, 1) ON DUPLICATE KEY UPDATE count = count + 1')->execute([md5($_GET['p'])]);
$here = $db->prepare('SELECT COUNT(*) FROM here WHERE seen >= ?');
$here->execute([$now - 300]);
$online = $here->fetchColumn();
$today = $db->query('SELECT SUM(count) FROM views WHERE day = CURDATE()')->fetchColumn();
header('Content-Type: application/json');
echo json_encode(['online' => $online, 'today' => $today]);
