<?php
/**
 * A save that is stored is told, though it breaks off.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\UnfinishedSaves;
use RuntimeException;
use WP_REST_Request;

/**
 * Saves of a post of ours.
 */
final class UnfinishedSavesTest extends OutboxTestCase {

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
		$this->post_id = $this->quiet_post();
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

	/**
	 * A write of ours that a hook breaks off is not told as an editor's.
	 */
	public function test_our_own_write(): void {
		$document = $this->document();
		$this->publish_well( $document );
		$second = array(
			'revision' => 2,
			'title'    => 'Ours',
		);
		$throw  = static function (): void {
			throw new RuntimeException( 'A plugin of somebody else.' );
		};
		add_action( 'save_post', $throw, 99 );
		$this->publish( $second + $document );
		remove_action( 'save_post', $throw, 99 );
		UnfinishedSaves\tell();

		$this->assertSame( array( 'igny8' ), array_values( array_unique( array_column( $this->bodies(), 'origin' ) ) ) );
	}
}
