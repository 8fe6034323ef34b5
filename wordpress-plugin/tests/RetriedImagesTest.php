<?php
/**
 * Images that are tried again leave what an editor did meanwhile alone.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Claims;

/**
 * A revision whose images had failed in part is sent again.
 */
final class RetriedImagesTest extends BridgeTestCase {

	const IFRAME = '<iframe src="https://video.example/1"></iframe>';

	/**
	 * The picture that is not there at first.
	 *
	 * @var string
	 */
	private $missing;

	/**
	 * A document with a picture that is there and one that is missing.
	 *
	 * @param array<string, mixed> $fields Of the document.
	 * @return array<string, mixed>
	 */
	private function half_shown( array $fields = array() ): array {
		$this->missing = $this->picture();
		$images        = array( $this->image( hash( 'sha256', $this->missing ) ), $this->image( $this->push( $this->picture() )->get_data()['hash'] ) );
		return $this->document( $fields + array( 'gallery_images' => $images ) );
	}

	/**
	 * Sends it again, with all its pictures there.
	 *
	 * @param array<string, mixed> $document The document.
	 */
	private function send_again( array $document ): void {
		$this->push( $this->missing );
		$again = $this->publish( $document );
		$this->assertSame( 'true', $again->get_headers()['Idempotent-Replayed'] );
	}

	/**
	 * What only an administrator may write stays.
	 */
	public function test_what_an_administrator_wrote(): void {
		$document = $this->half_shown();
		$post_id  = $this->publish_well( $document );
		wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
		wp_update_post(
			array(
				'ID'           => $post_id,
				'post_content' => wp_slash( self::IFRAME . get_post( $post_id )->post_content ),
			)
		);
		wp_set_current_user( 0 );
		$this->assertStringStartsWith( self::IFRAME, get_post( $post_id )->post_content );

		$this->send_again( $document );
		$content = get_post( $post_id )->post_content;
		$this->assertStringStartsWith( self::IFRAME, $content );
		$this->assertSame( 2, substr_count( $content, '<!-- wp:image' ) );
		$this->assertNotFalse( has_filter( 'content_save_pre', 'wp_filter_post_kses' ) );
	}

	/**
	 * What another request saved while the pictures were attached stays.
	 */
	public function test_what_was_saved_meanwhile(): void {
		$document = $this->half_shown();
		$post_id  = $this->publish_well( $document );
		$save     = static function () use ( $post_id ): void {
			global $wpdb;
			$text = str_replace( 'Text', 'By an editor', (string) $wpdb->get_var( "SELECT post_content FROM {$wpdb->posts} WHERE ID = $post_id" ) );
			$wpdb->update( $wpdb->posts, array( 'post_content' => $text ), array( 'ID' => $post_id ) );
		};
		add_action( 'updated_post_meta', $save );
		add_action( 'added_post_meta', $save );
		$this->send_again( $document );
		remove_action( 'updated_post_meta', $save );
		remove_action( 'added_post_meta', $save );

		$this->assertStringContainsString( 'By an editor', get_post( $post_id )->post_content );
	}

	/**
	 * What an editor wrote stays, too, when a try that died is taken over.
	 */
	public function test_a_try_that_died(): void {
		$document = $this->half_shown();
		$post_id  = $this->publish_well( $document );
		wp_update_post(
			array(
				'ID'           => $post_id,
				'post_content' => wp_slash( str_replace( 'Text', 'By an editor', get_post( $post_id )->post_content ) ),
			)
		);
		Claims\open( $document );
		$this->scalar( 'UPDATE {igny8_publications} SET reserved_at = 0' );

		$this->send_again( $document );
		$content = get_post( $post_id )->post_content;
		$this->assertStringContainsString( 'By an editor', $content );
		$this->assertSame( 2, substr_count( $content, '<!-- wp:image' ) );
		$this->assertSame( 'done', $this->scalar( 'SELECT state FROM {igny8_publications}' ) );
	}

	/**
	 * A newer revision writes all of it, whatever died before.
	 */
	public function test_a_newer_revision_after_a_try_that_died(): void {
		$document = $this->half_shown();
		$post_id  = $this->publish_well( $document );
		Claims\open( $document );
		$this->scalar( 'UPDATE {igny8_publications} SET reserved_at = 0' );

		$newer = array(
			'revision'     => $document['revision'] + 1,
			'fence'        => $document['fence'] + 1,
			'fingerprint'  => str_repeat( 'b', 64 ),
			'content_html' => '<p>Newer</p>',
		) + $document;
		$this->publish( $newer );
		$this->assertStringContainsString( 'Newer', get_post( $post_id )->post_content );
	}

	/**
	 * The featured image that an editor chose stays, whether ours was there or is only now.
	 *
	 * @testWith [true]
	 *           [false]
	 * @param bool $was_there Whether ours was attached at first.
	 */
	public function test_featured_image( bool $was_there ): void {
		$theirs   = $this->push( $this->picture() )->get_data()['attachment_id'];
		$bytes    = $this->picture();
		$document = $this->half_shown( array( 'featured_image_hash' => hash( 'sha256', $bytes ) ) );
		if ( $was_there ) {
			$this->push( $bytes );
		}
		$post_id = $this->publish_well( $document );
		set_post_thumbnail( $post_id, $theirs );

		$this->push( $bytes );
		$this->send_again( $document );
		$this->assertSame( $theirs, get_post_thumbnail_id( $post_id ) );
	}
}
