<?php
/**
 * Settings > IGNY8: the key.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Settings;

use Igny8\Bridge\Authentication;

const PAGE         = 'igny8-wp-bridge';
const FORGET_FIELD = 'igny8_forget_key';
const SHOWN_DIGITS = 4;

/**
 * Hooks the page.
 */
function setup(): void {
	add_action( 'admin_init', __NAMESPACE__ . '\\register' );
	add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
	add_action( 'init', __NAMESPACE__ . '\\load_translations' );
}

/**
 * Loads the plugin's translations.
 */
function load_translations(): void {
	load_plugin_textdomain( 'igny8-wp-bridge', false, 'igny8-wp-bridge/languages' );
}

/**
 * Registers the option with WordPress, which checks nonce and capability when the form comes back.
 */
function register(): void {
	register_setting(
		PAGE,
		Authentication\KEY_OPTION,
		array(
			'type'              => 'string',
			'sanitize_callback' => __NAMESPACE__ . '\\clean_key',
			'show_in_rest'      => false,
		)
	);
}

/**
 * What to store of what was typed.
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
 * Adds the page to the Settings menu.
 */
function add_page(): void {
	add_options_page( __( 'IGNY8', 'igny8-wp-bridge' ), __( 'IGNY8', 'igny8-wp-bridge' ), 'manage_options', PAGE, __NAMESPACE__ . '\\show_page' );
}

/**
 * The stored key as it may be shown.
 *
 * @param string $key The key.
 */
function mask( string $key ): string {
	return strlen( $key ) > 3 * SHOWN_DIGITS ? '••••••••' . substr( $key, -SHOWN_DIGITS ) : '••••••••';
}

/**
 * Prints the page.
 */
function show_page(): void {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$key = (string) get_option( Authentication\KEY_OPTION, '' );
	?>
	<div class="wrap">
		<h1><?php esc_html_e( 'IGNY8', 'igny8-wp-bridge' ); ?></h1>
		<form action="options.php" method="post">
			<?php settings_fields( PAGE ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="igny8-api-key"><?php esc_html_e( 'Site key', 'igny8-wp-bridge' ); ?></label></th>
					<td><?php show_key_field( $key ); ?></td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
	</div>
	<?php
}

/**
 * Prints the field for the key.
 *
 * @param string $key The stored key, perhaps empty.
 */
function show_key_field( string $key ): void {
	?>
	<input type="password" class="regular-text" autocomplete="off" id="igny8-api-key"
		name="<?php echo esc_attr( Authentication\KEY_OPTION ); ?>" value=""
		placeholder="<?php echo esc_attr( '' === $key ? '' : mask( $key ) ); ?>" />
	<?php if ( '' === $key ) : ?>
		<p class="description"><?php esc_html_e( 'Paste the key that IGNY8 shows for this site. Without a key every request is refused.', 'igny8-wp-bridge' ); ?></p>
	<?php else : ?>
		<p class="description"><?php esc_html_e( 'A key is stored. Leave the field empty to keep it.', 'igny8-wp-bridge' ); ?></p>
		<p><label><input type="checkbox" name="<?php echo esc_attr( FORGET_FIELD ); ?>" value="1" /> <?php esc_html_e( 'Forget the stored key', 'igny8-wp-bridge' ); ?></label></p>
	<?php endif; ?>
	<?php
}
