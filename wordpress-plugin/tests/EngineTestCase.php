<?php
/**
 * An engine that answers as the test wants it to.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use WP_Error;

/**
 * The other side is `pre_http_request`: what the engine itself answers is tried in tests/workers/test_connected_wordpress.py.
 */
abstract class EngineTestCase extends BridgeTestCase {

	const SECRET = 'whsec_c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M=';

	/**
	 * The requests that were made: method and path, and arguments.
	 *
	 * @var array<int, array{0: string, 1: array<string, mixed>}>
	 */
	protected $asked = array();

	/**
	 * What is answered, by the end of the path: status and body.
	 *
	 * @var array<string, array{0: int, 1: array<string, mixed>}>
	 */
	protected $answers = array();

	/**
	 * A site with all settings, and an engine that agrees to everything.
	 */
	protected function setUp(): void {
		parent::setUp();
		update_option( 'igny8_api_url', 'https://engine.example' );
		update_option( 'igny8_site_id', '7' );
		$this->asked   = array();
		$this->answers = array(
			'test-connection/'   => array(
				200,
				array(
					'success'        => true,
					'message'        => 'The connection works.',
					'integration_id' => 3,
					'layers'         => array(
						array(
							'layer'      => 'dns',
							'ok'         => true,
							'skipped'    => false,
							'whose'      => 'network',
							'message'    => '<b>Found</b>',
							'what_to_do' => '',
						),
						'junk',
					),
				),
			),
			'register/'          => array( 200, $this->registration() ),
			'update-structure/'  => array( 200, array( 'success' => true ) ),
			'integrations/'      => array( 200, array( 'results' => array( array( 'id' => 3 ) ) ) ),
		);
		add_filter( 'pre_http_request', array( $this, 'answer' ), 10, 3 );
	}

	/**
	 * A good answer to registering.
	 *
	 * @return array<string, mixed>
	 */
	protected function registration(): array {
		return array(
			'installation_id' => 1,
			'integration_id'  => 3,
			'webhook_secret'  => self::SECRET,
			'webhooks'        => array(
				'status'   => 'https://engine.example/api/v1/integration/webhooks/wordpress/status/',
				'metadata' => '/api/v1/integration/webhooks/wordpress/metadata/',
			),
		);
	}

	/**
	 * Answers a request.
	 *
	 * @param mixed                $nothing False.
	 * @param array<string, mixed> $options The request.
	 * @param string               $address Its address.
	 * @return array<string, mixed>|WP_Error
	 */
	public function answer( $nothing, array $options, string $address ) {
		$parts         = wp_parse_url( $address );
		$this->asked[] = array( $options['method'] . ' ' . $parts['path'], $options );
		foreach ( $this->answers as $end => list( $status, $body ) ) {
			if ( substr( $parts['path'], -strlen( $end ) ) === $end ) {
				return array(
					'headers'  => array(),
					'body'     => (string) wp_json_encode( $body ),
					'response' => array(
						'code'    => $status,
						'message' => '',
					),
					'cookies'  => array(),
				);
			}
		}
		return new WP_Error( 'http_request_failed', 'Nobody is there.' );
	}

	/**
	 * Which requests were made.
	 *
	 * @return string[]
	 */
	protected function paths(): array {
		return array_column( $this->asked, 0 );
	}
}
