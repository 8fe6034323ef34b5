<?php
// Starts every script we run by hand: the site's address as a web request would carry it, no mail.
error_reporting( E_ALL & ~E_DEPRECATED );
$_SERVER['HTTP_HOST']       = (string) preg_replace( '#^https?://#', '', (string) getenv( 'SITE_URL' ) );
$_SERVER['SERVER_NAME']     = (string) strtok( $_SERVER['HTTP_HOST'], ':' );
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';
function wp_mail() {
	return true;
}
