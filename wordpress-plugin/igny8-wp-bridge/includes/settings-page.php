<?php
/**
 * Settings > IGNY8: what the page shows.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\SettingsPage;

use Igny8\Bridge\Authentication;
use Igny8\Bridge\Connection;
use Igny8\Bridge\Engine;
use Igny8\Bridge\Layers;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Settings;
use Igny8\Bridge\Structure;
use Igny8\Bridge\Webhooks;

/**
 * Prints the page.
 */
function show(): void {
	if ( ! current_user_can( Settings\CAPABILITY ) ) {
		return;
	}
	?>
	<div class="wrap">
		<h1><?php esc_html_e( 'IGNY8', 'igny8-wp-bridge' ); ?></h1>
		<form action="options.php" method="post">
			<?php settings_fields( Settings\PAGE ); ?>
			<table class="form-table" role="presentation">
				<?php
				show_field( 'igny8-api-url', __( 'Address of IGNY8', 'igny8-wp-bridge' ), __NAMESPACE__ . '\\show_address_field' );
				show_field( 'igny8-api-key', __( 'Site key', 'igny8-wp-bridge' ), __NAMESPACE__ . '\\show_key_field' );
				show_field( 'igny8-site-id', __( 'Site id', 'igny8-wp-bridge' ), __NAMESPACE__ . '\\show_site_field' );
				show_field( '', __( 'Switches', 'igny8-wp-bridge' ), __NAMESPACE__ . '\\show_switches' );
				?>
			</table>
			<?php submit_button(); ?>
		</form>
		<?php
		show_status();
		Layers\show( Connection\state()['layers'] );
		?>
	</div>
	<?php
}

/**
 * Prints a row of the form.
 *
 * @param string   $id    The field's id, empty for a group.
 * @param string   $label Its label.
 * @param callable $field Prints the field.
 */
function show_field( string $id, string $label, callable $field ): void {
	?>
	<tr>
		<th scope="row">
			<?php if ( '' === $id ) : ?>
				<?php echo esc_html( $label ); ?>
			<?php else : ?>
				<label for="<?php echo esc_attr( $id ); ?>"><?php echo esc_html( $label ); ?></label>
			<?php endif; ?>
		</th>
		<td><?php $field(); ?></td>
	</tr>
	<?php
}

/**
 * Prints the field for the engine's address.
 */
function show_address_field(): void {
	?>
	<input type="url" class="regular-text code" id="igny8-api-url" name="<?php echo esc_attr( Engine\URL_OPTION ); ?>"
		value="<?php echo esc_attr( Engine\url() ); ?>" placeholder="https://api.igny8.com" />
	<?php
}

/**
 * Prints the field for the key.
 */
function show_key_field(): void {
	$key = Authentication\current_key();
	?>
	<input type="password" class="regular-text" autocomplete="off" id="igny8-api-key"
		name="<?php echo esc_attr( Authentication\KEY_OPTION ); ?>" value=""
		placeholder="<?php echo esc_attr( '' === $key ? '' : Settings\mask( $key ) ); ?>" />
	<?php if ( '' === $key ) : ?>
		<p class="description"><?php esc_html_e( 'Paste the key that IGNY8 shows for this site. Without a key every request is refused.', 'igny8-wp-bridge' ); ?></p>
	<?php else : ?>
		<p class="description"><?php esc_html_e( 'A key is stored. Leave the field empty to keep it.', 'igny8-wp-bridge' ); ?></p>
		<p><label><input type="checkbox" name="<?php echo esc_attr( Settings\FORGET_FIELD ); ?>" value="1" /> <?php esc_html_e( 'Forget the stored key', 'igny8-wp-bridge' ); ?></label></p>
	<?php endif; ?>
	<?php
}

/**
 * Prints the field for the site's id.
 */
function show_site_field(): void {
	?>
	<input type="text" class="small-text code" id="igny8-site-id" name="<?php echo esc_attr( Engine\SITE_OPTION ); ?>"
		value="<?php echo esc_attr( (string) Engine\site_id() ); ?>" inputmode="numeric" />
	<p class="description"><?php esc_html_e( 'IGNY8 shows it beside the key.', 'igny8-wp-bridge' ); ?></p>
	<?php
}

/**
 * Prints the two switches.
 */
function show_switches(): void {
	$switches = array(
		Connection\ENABLED_OPTION => array( Connection\is_enabled(), __( 'Enable sync operations: tell IGNY8 of changes to its posts, and of the content types of this site', 'igny8-wp-bridge' ) ),
		Connection\TWO_WAY_OPTION => array( Connection\wants_two_way(), __( 'Enable two-way sync: IGNY8 may take over what is edited here', 'igny8-wp-bridge' ) ),
	);
	echo '<fieldset>';
	foreach ( $switches as $option => list( $is_on, $label ) ) {
		?>
		<p><label><input type="checkbox" name="<?php echo esc_attr( $option ); ?>" value="1" <?php checked( $is_on ); ?> /> <?php echo esc_html( $label ); ?></label></p>
		<?php
	}
	echo '</fieldset>';
}

/**
 * Prints how the connection is, with its buttons.
 */
function show_status(): void {
	$is_connected = in_array( Connection\state()['state'], array( Connection\CONNECTED, Connection\READY ), true );
	?>
	<h2><?php esc_html_e( 'Connection', 'igny8-wp-bridge' ); ?></h2>
	<table class="widefat striped" style="max-width: 60em">
		<tbody>
			<?php foreach ( facts() as $label => $text ) : ?>
				<tr><th scope="row" style="width: 14em"><?php echo esc_html( $label ); ?></th><td><?php echo esc_html( $text ); ?></td></tr>
			<?php endforeach; ?>
		</tbody>
	</table>
	<?php if ( Engine\is_known() ) : ?>
		<p>
			<?php show_button( Settings\CONNECT, $is_connected ? __( 'Test connection', 'igny8-wp-bridge' ) : __( 'Connect to IGNY8', 'igny8-wp-bridge' ), ! $is_connected ); ?>
			<?php
			if ( $is_connected ) {
				show_button( Settings\SYNC, __( 'Sync now', 'igny8-wp-bridge' ), false );
			}
			?>
		</p>
	<?php else : ?>
		<p><?php esc_html_e( 'Save the address, the key and the site id first; then connect.', 'igny8-wp-bridge' ); ?></p>
	<?php endif; ?>
	<?php
}

/**
 * Prints a button that is a form of its own.
 *
 * @param string $action     What it does.
 * @param string $label      What it says.
 * @param bool   $is_primary Whether it is the next thing to do.
 */
function show_button( string $action, string $label, bool $is_primary ): void {
	?>
	<form action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" method="post" style="display: inline-block">
		<input type="hidden" name="action" value="<?php echo esc_attr( $action ); ?>" />
		<?php
		wp_nonce_field( $action );
		submit_button( $label, $is_primary ? 'primary' : 'secondary', $action, false );
		?>
	</form>
	<?php
}

/**
 * What is known of the connection, in words.
 *
 * @return array<string, string>
 */
function facts(): array {
	$state  = Connection\state();
	$names  = array(
		Connection\NOT_CONNECTED => __( 'Not connected', 'igny8-wp-bridge' ),
		Connection\CONNECTED     => __( 'Connected; the site structure has not arrived yet', 'igny8-wp-bridge' ),
		Connection\READY         => __( 'Connected and ready', 'igny8-wp-bridge' ),
		Connection\FAILED        => __( 'Failed to connect', 'igny8-wp-bridge' ),
	);
	$facts  = array( __( 'State', 'igny8-wp-bridge' ) => $names[ $state['state'] ] ?? $state['state'] );
	$facts += '' === $state['message'] ? array() : array( __( 'What IGNY8 said', 'igny8-wp-bridge' ) => $state['message'] );
	$facts += array(
		__( 'Last test', 'igny8-wp-bridge' )           => moment( $state['at'] ),
		__( 'Last structure sync', 'igny8-wp-bridge' ) => moment( (int) get_option( Structure\LAST_OPTION, 0 ) ),
		__( 'Changes to be sent', 'igny8-wp-bridge' )  => number_format_i18n( Outbox\count_waiting() ),
	);
	$pause  = Webhooks\kept_pause();
	if ( Webhooks\paused_until() > time() ) {
		/* translators: 1: a moment, 2: the reason. */
		$facts[ __( 'Sending waits', 'igny8-wp-bridge' ) ] = sprintf( __( 'until %1$s. %2$s', 'igny8-wp-bridge' ), moment( Webhooks\paused_until() ), (string) ( $pause['why'] ?? '' ) );
	}
	$refused = get_option( Webhooks\REFUSED_OPTION, array() );
	if ( is_array( $refused ) && isset( $refused['why'], $refused['at'] ) ) {
		/* translators: 1: a moment, 2: the reason. */
		$facts[ __( 'Last change refused', 'igny8-wp-bridge' ) ] = sprintf( __( '%1$s. %2$s', 'igny8-wp-bridge' ), moment( (int) $refused['at'] ), (string) $refused['why'] );
	}
	return $facts;
}

/**
 * A moment in the site's own format.
 *
 * @param int $at In Unix seconds, 0 for never.
 */
function moment( int $at ): string {
	if ( 0 === $at ) {
		return __( 'never', 'igny8-wp-bridge' );
	}
	return (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $at );
}
