<?php
/**
 * Settings > IGNY8: what is stored, and what its buttons do.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Settings;

use Igny8\Bridge;
use Igny8\Bridge\Authentication;
use Igny8\Bridge\Connection;
use Igny8\Bridge\Engine;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Structure;
use Igny8\Bridge\Webhooks;

const PAGE           = 'igny8-wp-bridge';
const CAPABILITY     = 'manage_options';
const FORGET_FIELD   = 'igny8_forget_key';
const CONNECT        = 'igny8_connect';
const SYNC           = 'igny8_sync_now';
const SECONDS_TO_ADD = 10;
const SHOWN_DIGITS   = 4;

/**
 * Hooks the page.
 */
function setup(): void {
	add_action( 'admin_init', __NAMESPACE__ . '\\register' );
	add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
	add_action( 'init', __NAMESPACE__ . '\\load_translations' );
	add_action( 'admin_post_' . CONNECT, __NAMESPACE__ . '\\connect' );
	add_action( 'admin_post_' . SYNC, __NAMESPACE__ . '\\sync_now' );
	add_filter( 'plugin_action_links_' . plugin_basename( Bridge\PLUGIN_FILE ), __NAMESPACE__ . '\\add_link' );
}

/**
 * Loads the plugin's translations.
 */
function load_translations(): void {
	load_plugin_textdomain( 'igny8-wp-bridge', false, 'igny8-wp-bridge/languages' );
}

/**
 * Registers the options with WordPress, which checks nonce and capability when the form comes back.
 */
function register(): void {
	$options = array(
		Engine\URL_OPTION          => 'clean_address',
		Authentication\KEY_OPTION  => 'clean_key',
		Engine\SITE_OPTION         => 'clean_site_id',
		Connection\ENABLED_OPTION  => 'clean_switch',
		Connection\TWO_WAY_OPTION  => 'clean_switch',
	);
	foreach ( $options as $option => $clean ) {
		register_setting(
			PAGE,
			$option,
			array(
				'type'              => 'string',
				'sanitize_callback' => __NAMESPACE__ . '\\' . $clean,
				'show_in_rest'      => false,
			)
		);
	}
	if ( isset( $_POST['option_page'] ) && PAGE === $_POST['option_page'] ) { // phpcs:ignore -- Only decides what to watch; options.php checks the nonce.
		foreach ( array( Engine\URL_OPTION, Engine\SITE_OPTION ) as $option ) {
			add_action( "update_option_$option", 'Igny8\\Bridge\\Connection\\forget', 10, 0 );
		}
		add_action( 'update_option_' . Authentication\KEY_OPTION, 'Igny8\\Bridge\\Connection\\follow_key', 10, 0 );
	}
}

/**
 * What to store of the address that was typed; the stored one where it is none.
 *
 * @param mixed $typed The field's value.
 */
function clean_address( $typed ): string {
	$clean = Engine\clean_url( is_string( $typed ) ? sanitize_text_field( $typed ) : '' );
	if ( is_wp_error( $clean ) ) {
		add_settings_error( PAGE, $clean->get_error_code(), $clean->get_error_message() );
		return Engine\url();
	}
	return $clean;
}

/**
 * What to store of the site id that was typed.
 *
 * @param mixed $typed The field's value.
 */
function clean_site_id( $typed ): string {
	$typed = is_string( $typed ) ? trim( $typed ) : '';
	if ( preg_match( '/^[A-Za-z0-9-]{0,64}$/D', $typed ) ) {
		return $typed;
	}
	add_settings_error( PAGE, 'igny8_site_id', __( 'The site id is a number that IGNY8 shows beside the key.', 'igny8-wp-bridge' ) );
	return (string) get_option( Engine\SITE_OPTION, '' );
}

/**
 * What to store of a switch: a box without a tick sends nothing.
 *
 * @param mixed $ticked The field's value.
 */
function clean_switch( $ticked ): string {
	return '1' === $ticked ? '1' : '';
}

/**
 * What to store of the key that was typed.
 *
 * The field never holds the stored key, so leaving it empty keeps that key.
 *
 * @param mixed $typed The field's value.
 */
function clean_key( $typed ): string {
	$typed = is_string( $typed ) ? (string) preg_replace( '/\s+/', '', $typed ) : '';
	if ( '' !== $typed ) {
		return sanitize_text_field( $typed );
	}
	$forget = isset( $_POST[ FORGET_FIELD ] ); // phpcs:ignore -- options.php has checked the nonce.
	return $forget ? '' : (string) get_option( Authentication\KEY_OPTION, '' );
}

/**
 * The key as it may be shown.
 *
 * @param string $key The key.
 */
function mask( string $key ): string {
	return strlen( $key ) > 3 * SHOWN_DIGITS ? '••••••••' . substr( $key, -SHOWN_DIGITS ) : '••••••••';
}

/**
 * Adds the page to the Settings menu.
 */
function add_page(): void {
	add_options_page( __( 'IGNY8', 'igny8-wp-bridge' ), __( 'IGNY8', 'igny8-wp-bridge' ), CAPABILITY, PAGE, 'Igny8\\Bridge\\SettingsPage\\show' );
}

/**
 * Adds a link to the page to the plugin's row.
 *
 * @param string[] $links The links that are there.
 * @return string[]
 */
function add_link( array $links ): array {
	return array_merge( array( '<a href="' . esc_url( address() ) . '">' . esc_html__( 'Settings', 'igny8-wp-bridge' ) . '</a>' ), $links );
}

/**
 * The page's address.
 */
function address(): string {
	return admin_url( 'options-general.php?page=' . PAGE );
}

/**
 * Connects, or tests the connection.
 */
function connect(): void {
	check_sender( CONNECT );
	$is_done = Connection\connect();
	if ( $is_done ) {
		come_back( __( 'Connected to IGNY8.', 'igny8-wp-bridge' ), true );
	}
	/* translators: %s: the reason. */
	come_back( sprintf( __( 'Failed to connect: %s', 'igny8-wp-bridge' ), Connection\state()['message'] ), false );
}

/**
 * Pushes the structure and sends the events that wait.
 */
function sync_now(): void {
	check_sender( SYNC );
	$why = Structure\push();
	delete_option( Webhooks\PAUSE_OPTION );
	Outbox\make_due();
	Webhooks\send_and_plan( SECONDS_TO_ADD );
	if ( null === $why ) {
		come_back( __( 'Site structure synced successfully.', 'igny8-wp-bridge' ), true );
	}
	/* translators: %s: the reason. */
	come_back( sprintf( __( 'The site structure was not synced: %s', 'igny8-wp-bridge' ), $why ), false );
}

/**
 * Ends a request that has no right to press the button.
 *
 * @param string $action Which button.
 */
function check_sender( string $action ): void {
	if ( ! current_user_can( CAPABILITY ) ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'igny8-wp-bridge' ), '', array( 'response' => 403 ) );
	}
	check_admin_referer( $action );
}

/**
 * Leads back to the page, with a notice.
 *
 * @param string $notice  What to say.
 * @param bool   $is_good Whether it went well.
 */
function come_back( string $notice, bool $is_good ): void {
	add_settings_error( PAGE, 'igny8_notice', $notice, $is_good ? 'success' : 'error' );
	set_transient( 'settings_errors', get_settings_errors(), 30 );
	wp_safe_redirect( add_query_arg( 'settings-updated', 'true', address() ) );
	exit;
}
