<?php
/**
 * A post that a person takes away while a revision of it is under way.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

/**
 * It stays away: only who removed it, or a restore, brings it back.
 */
final class RemovedMeanwhileTest extends BridgeTestCase {

	/**
	 * A published post, and the next revision of its document.
	 *
	 * @return array{0: int, 1: array<string, mixed>}
	 */
	private function published(): array {
		$document = $this->document();
		$next     = array(
			'fence'     => 2,
			'revision'  => 2,
			'seo_title' => 'New',
		);
		return array( $this->publish_well( $document ), $next + $document );
	}

	/**
	 * Puts a post into the trash from another process, of which this one's cache knows nothing.
	 *
	 * @param int $post_id The post.
	 */
	private function trash( int $post_id ): void {
		get_post( $post_id );
		$this->scalar( "UPDATE {posts} SET post_status = 'trash' WHERE ID = $post_id" );
	}

	/**
	 * Between the look at it and its text.
	 */
	public function test_trashed_in_mid_publish(): void {
		list( $post_id, $next ) = $this->published();
		$trash                  = function ( $id, $of, $field ) use ( $post_id ): void {
			if ( '_igny8_seo_title' === $field ) {
				$this->trash( $post_id );
			}
		};
		add_action( 'added_post_meta', $trash, 10, 3 );
		$answer = $this->publish( $next );
		remove_action( 'added_post_meta', $trash );

		$this->assert_refused( 409, 'igny8_post_trashed', $answer );
		$this->assertSame( 'trash', $this->scalar( "SELECT post_status FROM {posts} WHERE ID = $post_id" ) );
	}

	/**
	 * Before it, where a cache still has the post as it was.
	 */
	public function test_trashed_behind_the_cache(): void {
		list( $post_id, $next ) = $this->published();
		$this->trash( $post_id );
		$this->assert_refused( 409, 'igny8_post_trashed', $this->publish( $next ) );
		$looked_up = $this->send( 'GET', '/publications/' . $next['publication_key'] );
		$this->assertSame( 'trash', $looked_up->get_data()['post_status'] );
	}
}
