<?php
/**
 * The images of a publication.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Reservations;

/**
 * Featured image and gallery; a failed image never fails the post.
 */
final class ImagesTest extends BridgeTestCase {

	/**
	 * Lets the addresses of the test answer.
	 *
	 * @param array<string, string|int> $answers Address => body, or a status.
	 */
	private function serve( array $answers ): void {
		remove_all_filters( 'pre_http_request' );
		add_filter(
			'pre_http_request',
			static function ( $preempt, $args, $url ) use ( $answers ) {
				$answer = $answers[ $url ] ?? 404;
				return array(
					'headers'  => array(),
					'body'     => is_int( $answer ) ? 'No.' : $answer,
					'response' => array(
						'code'    => is_int( $answer ) ? $answer : 200,
						'message' => '',
					),
					'cookies'  => array(),
				);
			},
			10,
			3
		);
	}

	/**
	 * Images that were pushed are attached.
	 */
	public function test_by_hash(): void {
		$featured = $this->push( $this->picture() )->get_data();
		$gallery  = $this->push( $this->picture( 'png' ) )->get_data();
		$data     = $this->publish(
			$this->document(
				array(
					'featured_image_hash'    => $featured['hash'],
					'featured_image_alt'     => 'Featured "alt"',
					'featured_image_caption' => 'Featured caption',
					'gallery_images'         => array( $this->image( $gallery['hash'], null, 'A "quoted" alt', 'R&D <b>caption</b>' ) ),
				)
			)
		)->get_data();
		$content  = get_post( $data['post_id'] )->post_content;

		$report = static fn( string $role, array $media ): array => array(
			'role'          => $role,
			'hash'          => $media['hash'],
			'url'           => null,
			'status'        => 'attached',
			'attachment_id' => $media['attachment_id'],
			'media_url'     => $media['media_url'],
			'error'         => null,
		);
		$this->assertSame( array( $report( 'featured', $featured ), $report( 'gallery', $gallery ) ), $data['images'] );
		$this->assertSame( $featured['attachment_id'], get_post_thumbnail_id( $data['post_id'] ) );
		$this->assertSame( 'Featured "alt"', get_post_meta( $featured['attachment_id'], '_wp_attachment_image_alt', true ) );
		$this->assertSame( 'Featured caption', get_post( $featured['attachment_id'] )->post_excerpt );
		$this->assertSame( $data['post_id'], get_post( $gallery['attachment_id'] )->post_parent );

		$this->assertStringStartsWith( "<p>Text</p>\n\n<!-- wp:gallery ", $content );
		$blocks = parse_blocks( $content );
		$block  = end( $blocks );
		$this->assertSame( array( 'core/gallery', 'core/image', $gallery['attachment_id'] ), array( $block['blockName'], $block['innerBlocks'][0]['blockName'], $block['innerBlocks'][0]['attrs']['id'] ) );
		$this->assertStringContainsString( 'alt="A &quot;quoted&quot; alt"', $content );
		$this->assertStringContainsString( 'R&amp;D &lt;b&gt;caption&lt;/b&gt;', $content );
	}

	/**
	 * Images at public addresses are fetched, checked and stored once.
	 */
	public function test_by_url(): void {
		$bytes = $this->picture();
		$hash  = hash( 'sha256', $bytes );
		$this->serve(
			array(
				'https://example.com/one.jpg'     => $bytes,
				'https://example.com/two.png?x=1' => $bytes,
			)
		);
		$images = $this->publish(
			$this->document(
				array(
					'featured_image_url' => 'https://example.com/one.jpg',
					'gallery_images'     => array( $this->image( null, 'https://example.com/two.png?x=1' ) ),
				)
			)
		)->get_data()['images'];
		$this->assertSame( array( 'attached', 'attached' ), array_column( $images, 'status' ) );
		$this->assertSame( array( $hash, $hash ), array_column( $images, 'hash' ) );
		$this->assertSame( 'https://example.com/two.png?x=1', $images[1]['url'] );
		$this->assertSame( $images[0]['attachment_id'], $images[1]['attachment_id'] );
	}

	/**
	 * An image is really fetched over HTTP from the site itself.
	 */
	public function test_by_url_over_http(): void {
		$bytes  = $this->picture();
		$upload = wp_upload_bits( 'igny8-test.jpg', null, $bytes );
		$images = $this->publish( $this->document( array( 'featured_image_url' => $upload['url'] ) ) )->get_data()['images'];
		wp_delete_file( $upload['file'] );
		$this->assertSame( array( 'attached', hash( 'sha256', $bytes ) ), array( $images[0]['status'], $images[0]['hash'] ), (string) $images[0]['error'] );
	}

	/**
	 * Images that cannot be had.
	 *
	 * @return array<string, array{0: string|null, 1: string|null, 2: string}>
	 */
	public function failures(): array {
		return array(
			'unknown hash'    => array( str_repeat( '1', 64 ), null, 'hash' ),
			'hash before url' => array( str_repeat( '1', 64 ), 'https://example.com/good.jpg', 'hash' ),
			'not found'       => array( null, 'https://example.com/missing.jpg', '404' ),
			'html'            => array( null, 'https://example.com/html.jpg', 'not a JPEG' ),
			'svg'             => array( null, 'https://example.com/drawing.svg', 'not a JPEG' ),
			'empty'           => array( null, 'https://example.com/empty.jpg', 'not a JPEG' ),
			'too large'       => array( null, 'https://example.com/large.jpg', 'too large' ),
		);
	}

	/**
	 * The post is published without them, and the answer says why.
	 *
	 * @dataProvider failures
	 * @param string|null $hash   The hash.
	 * @param string|null $url    The address.
	 * @param string      $reason Part of the reason.
	 */
	public function test_failed_image( ?string $hash, ?string $url, string $reason ): void {
		add_filter( 'igny8_max_body_bytes', static fn(): int => 100000 );
		$this->serve(
			array(
				'https://example.com/good.jpg'    => $this->picture(),
				'https://example.com/html.jpg'    => '<html>Not found</html>',
				'https://example.com/drawing.svg' => '<svg xmlns="http://www.w3.org/2000/svg"/>',
				'https://example.com/empty.jpg'   => '',
				'https://example.com/large.jpg'   => str_repeat( 'x', 100001 ),
			)
		);
		$response = $this->publish(
			$this->document(
				array(
					'featured_image_hash' => $hash,
					'featured_image_url'  => $url,
					'gallery_images'      => array( $this->image( $hash, $url ) ),
				)
			)
		);
		$this->assertSame( array( 201, 'publish' ), array( $response->get_status(), $response->get_data()['post_status'] ) );
		foreach ( $response->get_data()['images'] as $image ) {
			$this->assertSame( array( 'failed', $hash, $url, null ), array( $image['status'], $image['hash'], $image['url'], $image['attachment_id'] ) );
			$this->assertStringContainsString( $reason, $image['error'] );
		}
		$this->assertSame( '<p>Text</p>', get_post( $response->get_data()['post_id'] )->post_content );
	}

	/**
	 * Addresses inside the server's network are not asked.
	 */
	public function test_private_address(): void {
		foreach ( array( 'http://10.0.0.1/a.jpg', 'http://169.254.169.254/latest', 'file:///etc/passwd', 'ftp://example.com/a.jpg', 'nonsense' ) as $url ) {
			$images = $this->publish( $this->document( array( 'featured_image_url' => $url ) ) )->get_data()['images'];
			$this->assertSame( 'failed', $images[0]['status'], $url );
			$this->assertNotEmpty( $images[0]['error'] );
		}
	}

	/**
	 * A replay tries again what had failed, and leaves an editor's text alone.
	 */
	public function test_replay_tries_failed_images_again(): void {
		$bytes    = $this->picture();
		$hash     = hash( 'sha256', $bytes );
		$document = $this->document(
			array(
				'featured_image_hash' => $hash,
				'gallery_images'      => array( $this->image( $hash ), $this->image( $this->push( $this->picture() )->get_data()['hash'] ) ),
			)
		);
		$first    = $this->publish( $document )->get_data();
		$this->assertSame( array( 'failed', 'failed', 'attached' ), array_column( $first['images'], 'status' ) );

		$content = get_post( $first['post_id'] )->post_content;
		wp_update_post(
			array(
				'ID'           => $first['post_id'],
				'post_content' => wp_slash( str_replace( 'Text', 'By an editor', $content ) ),
			)
		);
		$pushed = $this->push( $bytes )->get_data();
		$again  = $this->publish( $document );
		$this->assertSame( array( 200, 'true' ), array( $again->get_status(), $again->get_headers()['Idempotent-Replayed'] ) );
		$this->assertSame( array( 'attached', 'attached', 'attached' ), array_column( $again->get_data()['images'], 'status' ) );
		$this->assertSame( $pushed['attachment_id'], get_post_thumbnail_id( $first['post_id'] ) );

		$content = get_post( $first['post_id'] )->post_content;
		$this->assertStringStartsWith( '<p>By an editor</p>', $content );
		$this->assertSame( array( 1, 2 ), array( substr_count( $content, '<!-- wp:gallery' ), substr_count( $content, '<!-- wp:image' ) ) );
	}

	/**
	 * A revision without a featured image takes ours away, not an editor's.
	 */
	public function test_featured_image_is_withdrawn(): void {
		$ours     = $this->push( $this->picture() )->get_data();
		$theirs   = $this->push( $this->picture() )->get_data();
		$document = $this->document( array( 'featured_image_hash' => $ours['hash'] ) );
		$post_id  = $this->publish_well( $document );
		$this->publish_well(
			array(
				'revision'            => 2,
				'featured_image_hash' => null,
			) + $document
		);
		$this->assertFalse( has_post_thumbnail( $post_id ) );

		set_post_thumbnail( $post_id, $theirs['attachment_id'] );
		$this->publish_well(
			array(
				'revision'            => 3,
				'featured_image_hash' => null,
			) + $document
		);
		$this->assertSame( $theirs['attachment_id'], get_post_thumbnail_id( $post_id ) );
	}

	/**
	 * The featured image of a revision that failed, and failed again, is known as ours: a later revision without one takes it away.
	 */
	public function test_featured_image_of_a_failed_revision_is_withdrawn(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		$failing  = array(
			'revision'            => 2,
			'fingerprint'         => str_repeat( 'b', 64 ),
			'featured_image_hash' => $this->push( $this->picture() )->get_data()['hash'],
		) + $document;
		$refuse   = static fn( $is_empty, array $data ): bool => 'publish' === $data['post_status'];
		add_filter( 'wp_insert_post_empty_content', $refuse, 10, 2 );
		$this->assert_refused( 500, 'igny8_write_failed', $this->publish( $failing ) );
		$this->assert_refused( 500, 'igny8_write_failed', $this->publish( $failing ) );
		remove_filter( 'wp_insert_post_empty_content', $refuse, 10 );
		$this->assertTrue( has_post_thumbnail( $post_id ) );
		$this->assertCount( 1, Reservations\find( $document['publication_key'] )['images'] );

		$this->publish_well( array( 'revision' => 3 ) + $document );
		$this->assertFalse( has_post_thumbnail( $post_id ) );
	}

	/**
	 * A new alternative text replaces ours, not an editor's.
	 */
	public function test_alternative_text(): void {
		$media    = $this->push( $this->picture() )->get_data();
		$alt_of   = static fn(): string => get_post_meta( $media['attachment_id'], '_wp_attachment_image_alt', true );
		$document = array( 'featured_image_hash' => $media['hash'] ) + $this->document();
		$publish  = fn( int $revision, string $alt ): int => $this->publish_well(
			array(
				'revision'           => $revision,
				'featured_image_alt' => $alt,
			) + $document
		);
		$publish( 1, 'First' );
		$publish( 2, 'Second' );
		$this->assertSame( 'Second', $alt_of() );
		update_post_meta( $media['attachment_id'], '_wp_attachment_image_alt', 'By an editor' );
		$publish( 3, 'Third' );
		$this->assertSame( 'By an editor', $alt_of() );
	}
}
