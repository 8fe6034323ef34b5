<?php
/**
 * What the last test of the connection found, layer by layer: kept, named and shown.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Layers;

use Igny8\Bridge\DiagnosisWords;

const MOST_LAYERS  = 40;
const MOST_FACTS   = 10;
const LONGEST_TEXT = 500;

/**
 * The layers of a test as they may be kept and shown.
 *
 * @param mixed $layers What the engine sent.
 * @return array<int, array<string, mixed>> Each with ok, skipped, layer, whose, message, what_to_do, code and facts.
 */
function clean( $layers ): array {
	$clean = array();
	foreach ( array_slice( array_filter( is_array( $layers ) ? $layers : array(), 'is_array' ), 0, MOST_LAYERS ) as $layer ) {
		$row = array(
			'ok'      => true === ( $layer['ok'] ?? null ),
			'skipped' => true === ( $layer['skipped'] ?? null ),
			'facts'   => array_map( __NAMESPACE__ . '\\clean_text', array_slice( (array) ( $layer['facts'] ?? array() ), 0, MOST_FACTS ) ),
		);
		foreach ( array( 'layer', 'whose', 'message', 'what_to_do', 'code' ) as $name ) {
			$row[ $name ] = clean_text( $layer[ $name ] ?? '' );
		}
		$clean[] = $row;
	}
	return $clean;
}

/**
 * A text of the engine without markup, and not too long; empty for anything else.
 *
 * @param mixed $text What the engine sent.
 */
function clean_text( $text ): string {
	return is_string( $text ) ? sanitize_text_field( mb_substr( $text, 0, LONGEST_TEXT ) ) : '';
}

/**
 * Prints what the last test found, layer by layer.
 *
 * @param array<int, array<string, mixed>> $layers The layers.
 */
function show( array $layers ): void {
	if ( array() === $layers ) {
		return;
	}
	?>
	<h2><?php esc_html_e( 'What the last test looked at', 'igny8-wp-bridge' ); ?></h2>
	<table class="widefat striped" style="max-width: 60em">
		<thead>
			<tr>
				<th scope="col" style="width: 14em"><?php esc_html_e( 'Layer', 'igny8-wp-bridge' ); ?></th>
				<th scope="col"><?php esc_html_e( 'Found', 'igny8-wp-bridge' ); ?></th>
				<th scope="col"><?php esc_html_e( 'What to do', 'igny8-wp-bridge' ); ?></th>
			</tr>
		</thead>
		<tbody>
			<?php foreach ( $layers as $layer ) : ?>
				<tr>
					<th scope="row"><span class="dashicons <?php echo esc_attr( icon( $layer ) ); ?>" aria-hidden="true"></span> <?php echo esc_html( name_of( $layer['layer'] ) ); ?></th>
					<td><?php echo esc_html( found( $layer ) ); ?></td>
					<td><?php echo esc_html( what_to_do( $layer ) ); ?></td>
				</tr>
			<?php endforeach; ?>
		</tbody>
	</table>
	<?php
}

/**
 * A layer's name as people write it; of one that only a newer engine knows, the engine's own.
 *
 * @param string $layer What the engine calls it.
 */
function name_of( string $layer ): string {
	return names()[ $layer ] ?? ucfirst( str_replace( '_', ' ', $layer ) );
}

/**
 * The names of the layers that the engine looks at.
 *
 * @return array<string, string>
 */
function names(): array {
	return array(
		'address'        => __( 'Address', 'igny8-wp-bridge' ),
		'dns'            => __( 'DNS', 'igny8-wp-bridge' ),
		'tcp'            => __( 'TCP', 'igny8-wp-bridge' ),
		'tls'            => __( 'TLS', 'igny8-wp-bridge' ),
		'http'           => __( 'HTTP', 'igny8-wp-bridge' ),
		'wordpress'      => __( 'WordPress', 'igny8-wp-bridge' ),
		'rest'           => __( 'REST API', 'igny8-wp-bridge' ),
		'permalinks'     => __( 'Permalinks', 'igny8-wp-bridge' ),
		'plugin'         => __( 'Plugin', 'igny8-wp-bridge' ),
		'plugin_version' => __( 'Plugin version', 'igny8-wp-bridge' ),
		'authorization'  => __( 'Authorization header', 'igny8-wp-bridge' ),
		'key'            => __( 'Site key', 'igny8-wp-bridge' ),
		'write'          => __( 'Writing posts', 'igny8-wp-bridge' ),
		'seo'            => __( 'SEO', 'igny8-wp-bridge' ),
		'upload_limits'  => __( 'Upload limits', 'igny8-wp-bridge' ),
	);
}

/**
 * What a layer's line says.
 *
 * @param array<string, mixed> $layer The layer.
 */
function found( array $layer ): string {
	$words = words( $layer )[0];
	if ( '' !== $words ) {
		return $words;
	}
	if ( $layer['skipped'] ) {
		return __( 'not looked at', 'igny8-wp-bridge' );
	}
	return $layer['ok'] ? __( 'fine', 'igny8-wp-bridge' ) : __( 'not fine', 'igny8-wp-bridge' );
}

/**
 * What a layer's line advises.
 *
 * @param array<string, mixed> $layer The layer.
 */
function what_to_do( array $layer ): string {
	return words( $layer )[1];
}

/**
 * Message and advice in the site's language; in the engine's words where the code is none that we know.
 *
 * @param array<string, mixed> $layer The layer, perhaps kept by an older version of this plugin.
 * @return array{0: string, 1: string}
 */
function words( array $layer ): array {
	$words = DiagnosisWords\all()[ $layer['code'] ?? '' ] ?? null;
	if ( null === $words ) {
		return array( $layer['message'], $layer['what_to_do'] );
	}
	$facts = array();
	foreach ( $layer['facts'] as $name => $fact ) {
		$facts[ '{' . $name . '}' ] = $fact;
	}
	return array( strtr( $words[0], $facts ), strtr( $words[1], $facts ) );
}

/**
 * The sign before a layer.
 *
 * @param array<string, mixed> $layer The layer.
 */
function icon( array $layer ): string {
	if ( $layer['skipped'] ) {
		return 'dashicons-minus';
	}
	return $layer['ok'] ? 'dashicons-yes-alt' : 'dashicons-dismiss';
}
