<?php
/**
 * A save that is stored is told, though it breaks off.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Events;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\UnfinishedSaves;
use RuntimeException;
use WP_REST_Request;

/**
 * Saves of a post of ours.
 */
final class UnfinishedSavesTest extends BridgeTestCase {

	/**
	 * The post.
	 *
	 * @var int
	 */
	private $post_id;

	/**
	 * A post whose publish is told.
	 */
	protected function setUp(): void {
		parent::setUp();
		$this->register_site();
		$this->post_id = $this->publish_well( $this->document() );
		Events\note_metadata();
		Outbox\clear();
		UnfinishedSaves\pending();
	}

	/**
	 * Saves a new title while a hook of another plugin throws.
	 *
	 * @param string $hook Which.
	 */
	private function save_with_broken( string $hook ): void {
		$throw = static function (): void {
			throw new RuntimeException( 'A plugin of somebody else.' );
		};
		add_action( $hook, $throw, 99 );
		try {
			wp_update_post(
				array(
					'ID'         => $this->post_id,
					'post_title' => 'New',
				)
			);
		} catch ( RuntimeException $thrown ) {
			unset( $thrown );
		}
		remove_action( $hook, $throw, 99 );
		UnfinishedSaves\tell();
	}

	/**
	 * The names of the events that wait.
	 *
	 * @return string[]
	 */
	private function names(): array {
		global $wpdb;
		$bodies = $wpdb->get_col( 'SELECT body FROM ' . \Igny8\Bridge\Database\outbox_table() . ' ORDER BY sequence' );
		return array_map( static fn( string $body ): string => json_decode( $body, true )['event'], $bodies );
	}

	/**
	 * What is stored is told once, whether the save came to its end or not; what is not stored is not.
	 *
	 * @testWith ["save_post", ["updated"]]
	 *           ["nothing", ["updated"]]
	 *           ["pre_post_update", []]
	 * @param string   $hook  What breaks.
	 * @param string[] $names The events.
	 */
	public function test_a_hook_that_throws( string $hook, array $names ): void {
		$this->save_with_broken( $hook );
		$this->assertSame( $names, $this->names() );
	}

	/**
	 * The block editor says "Updating failed" of a field, and the title is stored.
	 */
	public function test_a_field_that_is_refused(): void {
		register_post_meta(
			'post',
			'refused',
			array(
				'show_in_rest'  => true,
				'single'        => true,
				'type'          => 'string',
				'auth_callback' => '__return_false',
			)
		);
		wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
		$request = new WP_REST_Request( 'POST', "/wp/v2/posts/{$this->post_id}" );
		$request->set_body_params(
			array(
				'title' => 'New',
				'meta'  => array( 'refused' => 'x' ),
			)
		);
		$answer = rest_get_server()->dispatch( $request );
		wp_set_current_user( 0 );
		unregister_post_meta( 'post', 'refused' );
		UnfinishedSaves\tell();

		$this->assertSame( array( 403, 'New' ), array( $answer->get_status(), get_post( $this->post_id )->post_title ) );
		$this->assertSame( array( 'updated' ), $this->names() );
	}
}
