<?php
/**
 * What IGNY8 says of each layer of the connection, in words that can be translated: the same as pipeline/diagnosis_words.py.
 *
 * Names in braces are facts; they are put in after the translation.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\DiagnosisWords;

/**
 * What was found, and what to do about it, by the code of both.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function all(): array {
	return network() + tls() + http() + wordpress() + plugin() + unseen();
}

/**
 * The way to the server.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function network(): array {
	return array(
		'address_fine' => array( __( 'The address is that of a web site.', 'igny8-wp-bridge' ), '' ),
		'address_bad_address' => array(
			__( 'The address is not that of a web site.', 'igny8-wp-bridge' ),
			__( 'Enter it as the browser shows it, like https://example.com.', 'igny8-wp-bridge' ),
		),
		'address_private' => array(
			__( 'The name leads to an address that is not public.', 'igny8-wp-bridge' ),
			__( 'Enter the site\'s public address; one inside your own network must be named in IGNY8_ALLOWED_PRIVATE_HOSTS.', 'igny8-wp-bridge' ),
		),
		'address_other' => array(
			__( 'The address can\'t be used.', 'igny8-wp-bridge' ),
			__( 'Enter the site\'s address again.', 'igny8-wp-bridge' ),
		),
		'dns_fine' => array( __( 'The name is found.', 'igny8-wp-bridge' ), '' ),
		'dns_unknown_name' => array(
			__( 'No computer goes by that name.', 'igny8-wp-bridge' ),
			__( 'Look for a typing error in the site\'s address. If it is right, its domain may have expired or point nowhere: ask who registered it.', 'igny8-wp-bridge' ),
		),
		'dns_no_answer' => array(
			__( 'The name could not be looked up: no answer in time.', 'igny8-wp-bridge' ),
			__( 'Try again in a few minutes. If it stays so, the domain\'s name servers are down: ask who registered it.', 'igny8-wp-bridge' ),
		),
		'dns_other' => array(
			__( 'The name could not be looked up.', 'igny8-wp-bridge' ),
			__( 'Try again in a few minutes.', 'igny8-wp-bridge' ),
		),
		'tcp_fine' => array( __( 'The server takes connections.', 'igny8-wp-bridge' ), '' ),
		'tcp_refused' => array(
			__( 'The server refuses connections: nothing listens at this address and port.', 'igny8-wp-bridge' ),
			__( 'See whether the site opens in a browser, and whether the address has the right port. If it does not open, ask the host to start its web server.', 'igny8-wp-bridge' ),
		),
		'tcp_timeout' => array(
			__( 'The server does not answer a connection.', 'igny8-wp-bridge' ),
			__( 'See whether the site opens in a browser. If it does, the host\'s firewall blocks us: ask the host to let our address through.', 'igny8-wp-bridge' ),
		),
		'tcp_other' => array(
			__( 'The server can\'t be reached.', 'igny8-wp-bridge' ),
			__( 'Try again in a few minutes, then ask the host.', 'igny8-wp-bridge' ),
		),
	);
}

/**
 * Its encryption.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function tls(): array {
	return array(
		'tls_fine' => array( __( 'The connection is encrypted, and the certificate is valid.', 'igny8-wp-bridge' ), '' ),
		'tls_expired' => array(
			__( 'The site\'s TLS certificate has expired.', 'igny8-wp-bridge' ),
			__( 'Ask the host for a valid certificate; most give one from Let\'s Encrypt for nothing.', 'igny8-wp-bridge' ),
		),
		'tls_self_signed' => array(
			__( 'The site\'s TLS certificate is self-signed.', 'igny8-wp-bridge' ),
			__( 'Ask the host for a valid certificate; most give one from Let\'s Encrypt for nothing.', 'igny8-wp-bridge' ),
		),
		'tls_wrong_name' => array(
			__( 'The site\'s TLS certificate is for another name.', 'igny8-wp-bridge' ),
			__( 'Enter the address that the certificate is for (with or without www), or ask the host for one that has this name.', 'igny8-wp-bridge' ),
		),
		'tls_unknown_issuer' => array(
			__( 'The site\'s TLS certificate can\'t be traced to an issuer that is trusted.', 'igny8-wp-bridge' ),
			__( 'Often the server leaves out the intermediate certificate: ask the host to install the whole chain.', 'igny8-wp-bridge' ),
		),
		'tls_no_handshake' => array(
			__( 'The server speaks no TLS at this address, or none that is safe.', 'igny8-wp-bridge' ),
			__( 'If the site has no https, enter its address with http://. Else ask the host to switch TLS 1.2 or newer on.', 'igny8-wp-bridge' ),
		),
		'tls_other' => array(
			__( 'No encrypted connection could be made.', 'igny8-wp-bridge' ),
			__( 'Ask the host for a valid certificate; most give one from Let\'s Encrypt for nothing.', 'igny8-wp-bridge' ),
		),
		'plain_http' => array(
			__( 'The address begins with http://: nothing is encrypted on its way, the key included.', 'igny8-wp-bridge' ),
			__( 'Set up https at the host, then enter the address with https://.', 'igny8-wp-bridge' ),
		),
	);
}

/**
 * The web server.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function http(): array {
	return array(
		'http_fine' => array( __( 'The web server answers.', 'igny8-wp-bridge' ), '' ),
		'http_timeout' => array(
			__( 'The web server did not finish its answer in time.', 'igny8-wp-bridge' ),
			__( 'See how long the site takes in a browser: a slow plugin or a busy host is usual.', 'igny8-wp-bridge' ),
		),
		'http_broken' => array(
			__( 'The web server ended the connection before its answer was complete.', 'igny8-wp-bridge' ),
			__( 'Look into the web server\'s error log, or ask the host: PHP may have crashed.', 'igny8-wp-bridge' ),
		),
		'http_server_error' => array(
			__( 'The web server answers with error {status}.', 'igny8-wp-bridge' ),
			__( 'Open the site in a browser. If it shows an error, look into WordPress\'s debug.log or ask the host; 503 is often maintenance, and passes.', 'igny8-wp-bridge' ),
		),
		'http_redirected' => array(
			__( 'The address sends visitors on to {location}.', 'igny8-wp-bridge' ),
			__( 'Enter that address, as the browser shows it in the end (with or without www, with https).', 'igny8-wp-bridge' ),
		),
		'http_password' => array(
			__( 'The web server asks for a user name and password before WordPress is reached (401).', 'igny8-wp-bridge' ),
			__( 'Switch the password protection off, or let /wp-json/ through without it.', 'igny8-wp-bridge' ),
		),
		'http_firewall' => array(
			__( 'A firewall refuses our requests before WordPress sees them ({status}).', 'igny8-wp-bridge' ),
			__( 'Ask the host, or whoever runs the firewall (Cloudflare, Sucuri, mod_security), to let our address through.', 'igny8-wp-bridge' ),
		),
		'http_other' => array(
			__( 'The web server did not answer.', 'igny8-wp-bridge' ),
			__( 'Try again in a few minutes.', 'igny8-wp-bridge' ),
		),
	);
}

/**
 * WordPress and its REST API.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function wordpress(): array {
	return array(
		'rest_0' => array(
			__( 'WordPress is there, but its REST API is not (answer: {status}).', 'igny8-wp-bridge' ),
			__( 'Save Settings > Permalinks once. If that does not help, a plugin switches the REST API off: switch the plugins off one by one.', 'igny8-wp-bridge' ),
		),
		'rest_401' => array(
			__( 'A plugin lets only logged-in users use the REST API ({code}).', 'igny8-wp-bridge' ),
			__( 'Switch the blocking of the REST API off in the security plugin (Wordfence, iThemes, Disable REST API), or allow /wp-json/igny8/.', 'igny8-wp-bridge' ),
		),
		'rest_403' => array(
			__( 'A security plugin or a firewall blocks the REST API.', 'igny8-wp-bridge' ),
			__( 'Switch the blocking of the REST API off in the security plugin (Wordfence, iThemes, Disable REST API), or allow /wp-json/igny8/.', 'igny8-wp-bridge' ),
		),
		'is_wordpress' => array( __( 'It is a WordPress.', 'igny8-wp-bridge' ), '' ),
		'not_wordpress' => array(
			__( 'A web site answers, but no WordPress.', 'igny8-wp-bridge' ),
			__( 'Enter the address of the WordPress itself; if it lies in a folder, with the folder, like https://example.com/blog.', 'igny8-wp-bridge' ),
		),
		'rest_answers' => array( __( 'The REST API answers.', 'igny8-wp-bridge' ), '' ),
		'pretty' => array( __( 'Pretty permalinks are on.', 'igny8-wp-bridge' ), '' ),
		'plain_permalinks' => array(
			__( 'Pretty permalinks are off, or /wp-json/ is not passed on to WordPress; ?rest_route= is used.', 'igny8-wp-bridge' ),
			__( 'Choose anything but Plain under Settings > Permalinks.', 'igny8-wp-bridge' ),
		),
	);
}

/**
 * This plugin, seen from outside.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function plugin(): array {
	return array(
		'key_0' => array(
			__( 'The plugin did not answer our question for its status (answer: {status}).', 'igny8-wp-bridge' ),
			__( 'Look into WordPress\'s debug.log; switch other plugins off one by one.', 'igny8-wp-bridge' ),
		),
		'key_401' => array(
			__( 'The plugin does not accept our key.', 'igny8-wp-bridge' ),
			__( 'Enter the same key on both sides: make a new one here and copy it into the plugin\'s settings.', 'igny8-wp-bridge' ),
		),
		'key_403' => array(
			__( 'A security plugin or a firewall blocks the plugin\'s address.', 'igny8-wp-bridge' ),
			__( 'Allow /wp-json/igny8/ in the security plugin or the firewall.', 'igny8-wp-bridge' ),
		),
		'plugin_answers' => array( __( 'The plugin igny8-wp-bridge answers.', 'igny8-wp-bridge' ), '' ),
		'no_plugin' => array(
			__( 'The plugin igny8-wp-bridge is not active on the site.', 'igny8-wp-bridge' ),
			__( 'Install and activate it under Plugins.', 'igny8-wp-bridge' ),
		),
		'new_enough' => array( __( 'The plugin is version {version}.', 'igny8-wp-bridge' ), '' ),
		'too_old' => array(
			__( 'The plugin is version {version}; publishing needs {oldest} or newer.', 'igny8-wp-bridge' ),
			__( 'Update it under Plugins.', 'igny8-wp-bridge' ),
		),
		'not_stripped' => array( __( 'The Authorization header arrives.', 'igny8-wp-bridge' ), '' ),
		'stripped' => array(
			__( 'The host removes the Authorization header on its way to PHP; our second header is used.', 'igny8-wp-bridge' ),
			__( 'Nothing has to be done. To mend it: SetEnvIf Authorization in .htaccess, or CGIPassAuth On at the host.', 'igny8-wp-bridge' ),
		),
		'key_accepted' => array( __( 'The plugin accepts our key.', 'igny8-wp-bridge' ), '' ),
		'can_write' => array( __( 'The plugin can create posts.', 'igny8-wp-bridge' ), '' ),
		'cannot_write' => array(
			__( 'The plugin can\'t create posts.', 'igny8-wp-bridge' ),
			__( 'Give the user that is chosen in the plugin\'s settings a role that may publish posts.', 'igny8-wp-bridge' ),
		),
		'write_refused' => array(
			__( 'The site answers questions, and refuses posts before its plugin sees them (answer: {status}).', 'igny8-wp-bridge' ),
			__( 'Allow POST to /wp-json/igny8/ in the firewall or the security plugin.', 'igny8-wp-bridge' ),
		),
		'questions_refused' => array(
			__( 'The site takes posts, and refuses questions about them (answer: {status}).', 'igny8-wp-bridge' ),
			__( 'Allow GET to /wp-json/igny8/ in the firewall or the security plugin.', 'igny8-wp-bridge' ),
		),
		'seo_plugin' => array( __( 'SEO titles and descriptions go to {plugin}.', 'igny8-wp-bridge' ), '' ),
		'no_seo_plugin' => array( __( 'No SEO plugin is active: our plugin shows SEO titles itself.', 'igny8-wp-bridge' ), '' ),
		'bodies_fit' => array( __( 'It takes files of up to {limit}.', 'igny8-wp-bridge' ), '' ),
		'small_bodies' => array(
			__( 'It takes files of up to {limit}; ours may have {wanted}. Larger images will be left out.', 'igny8-wp-bridge' ),
			__( 'Raise upload_max_filesize and post_max_size in PHP\'s settings.', 'igny8-wp-bridge' ),
		),
	);
}

/**
 * What was not looked at.
 *
 * @return array<string, array{0: string, 1: string}>
 */
function unseen(): array {
	return array(
		'unseen_fine' => array( __( 'Not looked at.', 'igny8-wp-bridge' ), '' ),
		'unseen_plugin_version' => array( __( 'The plugin tells its version only to who has the key.', 'igny8-wp-bridge' ), '' ),
		'unseen_authorization' => array( __( 'Whether the header arrives is seen only with a key that is accepted.', 'igny8-wp-bridge' ), '' ),
		'unseen_write' => array( __( 'The plugin tells this from version 1.5.0 on.', 'igny8-wp-bridge' ), '' ),
		'unseen_upload_limits' => array( __( 'The plugin did not tell its limit.', 'igny8-wp-bridge' ), '' ),
		'after_a_failure' => array( __( 'Not looked at: a layer before it fails.', 'igny8-wp-bridge' ), '' ),
	);
}
