<?php
// A view counted in Redis: the site's and the page's views and visitors, and the visitors read again for the box.
$redis = new Redis();
$redis->pconnect($_SERVER['STORE']);
$page = $_GET['p'];
$visitor = md5($_SERVER['REMOTE_ADDR'] . $_SERVER['HTTP_USER_AGENT'] . $_GET['l'] . $_GET['w']);
$views = $redis->incr('views');
$ofPage = $redis->zIncrBy('pages', 1, $page);
$redis->pfAdd('visitors', [$visitor]);
$redis->pfAdd('visitors:' . md5($page), [$visitor]);
header('Content-Type: application/json');
echo json_encode([$views, $ofPage, $redis->pfCount('visitors'), $redis->pfCount('visitors:' . md5($page))]);
