<?php
/**
 * What the page says of the layers of a connection.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Layers;

/**
 * Names and words can be translated; what only a newer engine knows is shown in its own.
 */
final class LayersTest extends BridgeTestCase {

	/**
	 * Layers as an engine may send them: how, and what is shown of name, finding and advice.
	 *
	 * @return array<string, array{0: array<string, mixed>, 1: string[]}>
	 */
	public function layers(): array {
		$told = array(
			'layer'      => 'http',
			'ok'         => false,
			'skipped'    => false,
			'whose'      => 'site',
			'message'    => 'In English: error 502.',
			'what_to_do' => 'In English: look.',
			'code'       => 'http_server_error',
			'facts'      => array( 'status' => '502' ),
		);
		return array(
			'a code that is known'       => array( $told, array( '<HTTP>', '<The web server answers with error 502.>' ) ),
			'a fact with markup'         => array( array( 'facts' => array( 'status' => '<b>502</b>' ) ) + $told, array( '<HTTP>', '<The web server answers with error 502.>' ) ),
			'facts that are none'        => array( array( 'facts' => 'x' ) + $told, array( '<HTTP>', '<The web server answers with error {status}.>' ) ),
			'a code that is not known'   => array( array( 'code' => 'http_novel' ) + $told, array( '<HTTP>', 'In English: error 502.', 'In English: look.' ) ),
			'an engine without codes'    => array( array_diff_key( $told, array_flip( array( 'code', 'facts' ) ) ), array( '<HTTP>', 'In English: error 502.', 'In English: look.' ) ),
			'a layer that is not known'  => array( array( 'layer' => 'new_thing', 'code' => '' ) + $told, array( 'New thing', 'In English: error 502.', 'In English: look.' ) ), // phpcs:ignore -- One row.
			'a layer that is well'       => array( array( 'ok' => true, 'code' => 'seen', 'message' => '', 'what_to_do' => '' ) + $told, array( '<HTTP>', '<fine>', '' ) ), // phpcs:ignore -- One row.
		);
	}

	/**
	 * What is shown; the filter stands for a translation.
	 *
	 * @dataProvider layers
	 * @param array<string, mixed> $told  What the engine sent.
	 * @param string[]             $shown Name, finding and advice.
	 */
	public function test_words( array $told, array $shown ): void {
		$translate = static fn( string $text ): string => "<$text>";
		add_filter( 'gettext_igny8-wp-bridge', $translate );
		$layer     = Layers\clean( array( $told ) )[0];
		$texts     = array( Layers\name_of( $layer['layer'] ), Layers\found( $layer ), Layers\what_to_do( $layer ) );
		remove_filter( 'gettext_igny8-wp-bridge', $translate );
		$this->assertSame( $shown, array_slice( $texts, 0, count( $shown ) ) );
	}

	/**
	 * What an older version of the plugin has kept is shown too.
	 */
	public function test_kept_by_an_older_version(): void {
		$layer = array(
			'layer'      => 'dns',
			'ok'         => true,
			'skipped'    => false,
			'message'    => 'The name is found.',
			'what_to_do' => '',
		);
		$this->assertSame( array( 'The name is found.', '' ), array( Layers\found( $layer ), Layers\what_to_do( $layer ) ) );
	}
}
