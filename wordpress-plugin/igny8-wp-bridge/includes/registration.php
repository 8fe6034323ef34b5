<?php
/**
 * Tells the engine of this installation, and keeps what it answers: where webhooks go, and their secret.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Registration;

use Igny8\Bridge;
use Igny8\Bridge\Engine;

const OPTION         = 'igny8_registration';
const PATH           = '/api/plugins/igny8-wp-bridge/register/';
const REFRESHED      = 'igny8_registration_refreshed';
const SECRET_PATTERN = '#^whsec_[A-Za-z0-9+/]{32,88}={0,2}$#D';

/**
 * Registers this installation in its present version.
 *
 * @param string|null $address The site's address, null for the one it is known by.
 * @return string|null Null where it worked, else why not.
 */
function register( ?string $address = null ): ?string {
	$address = $address ?? site_url();
	$answer  = Engine\ask(
		'POST',
		PATH,
		array(
			'site_id'           => Engine\site_id(),
			'site_url'          => $address,
			'version'           => Bridge\VERSION,
			'wordpress_version' => get_bloginfo( 'version' ),
			'php_version'       => PHP_VERSION,
		)
	);
	if ( ! Engine\is_good( $answer ) ) {
		return Engine\words( $answer );
	}
	$facts = read( $answer['body'] );
	if ( null === $facts ) {
		return __( 'IGNY8 answered without a secret or without addresses for webhooks.', 'igny8-wp-bridge' );
	}
	update_option( OPTION, $facts + array( 'site_url' => $address ), true );
	if ( null !== $facts['integration_id'] ) {
		update_option( Engine\INTEGRATION_OPTION, (string) $facts['integration_id'] );
	}
	return null;
}

/**
 * What of an answer is kept.
 *
 * The engine may name its addresses under another of its hosts. The key goes to the host that
 * the site's people entered, so only the path is taken.
 *
 * @param array<string, mixed> $body The answer.
 * @return array<string, mixed>|null Null where something is missing.
 */
function read( array $body ): ?array {
	$secret = $body['webhook_secret'] ?? null;
	if ( ! is_string( $secret ) || ! preg_match( SECRET_PATTERN, $secret ) ) {
		return null;
	}
	$webhooks = array();
	foreach ( array( 'status', 'metadata' ) as $kind ) {
		$address = $body['webhooks'][ $kind ] ?? null;
		$path    = is_string( $address ) ? wp_parse_url( $address, PHP_URL_PATH ) : null;
		if ( ! is_string( $path ) || '' === trim( $path, '/' ) ) {
			return null;
		}
		$webhooks[ $kind ] = esc_url_raw( Engine\url() . '/' . ltrim( $path, '/' ) );
	}
	$id = $body['integration_id'] ?? null;
	return array(
		'secret'         => $secret,
		'webhooks'       => $webhooks,
		'integration_id' => is_int( $id ) || is_string( $id ) ? $id : null,
		'version'        => Bridge\VERSION,
	);
}

/**
 * What is kept, empty before the first registration.
 *
 * @return array<string, mixed>
 */
function kept(): array {
	$kept = get_option( OPTION, array() );
	return is_array( $kept ) ? $kept : array();
}

/**
 * The site's address as the engine knows it.
 *
 * WordPress gives it the scheme of the request it is asked in, and cron may come by http to a site of https:
 * the engine would take that for another site.
 */
function site_url(): string {
	$kept = kept()['site_url'] ?? null;
	return is_string( $kept ) && set_url_scheme( $kept, 'http' ) === set_url_scheme( home_url(), 'http' ) ? $kept : home_url();
}

/**
 * Whether webhooks can be sent.
 */
function is_done(): bool {
	return isset( kept()['secret'] );
}

/**
 * Registers again after an update of the plugin.
 */
function follow_version(): void {
	if ( is_done() && Bridge\VERSION !== ( kept()['version'] ?? '' ) ) {
		register();
	}
}

/**
 * Registers again because the engine refused a webhook; once an hour at most.
 */
function refresh(): void {
	if ( false === get_transient( REFRESHED ) ) {
		set_transient( REFRESHED, 1, HOUR_IN_SECONDS );
		register();
	}
}

/**
 * Forgets secret and addresses.
 */
function forget(): void {
	delete_option( OPTION );
	may_refresh();
}

/**
 * Lets the next refusal register again at once.
 */
function may_refresh(): void {
	delete_transient( REFRESHED );
}
