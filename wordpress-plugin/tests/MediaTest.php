<?php
/**
 * GET and POST /media.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Media;
use Igny8\Bridge\Reservations;

/**
 * The same bytes are stored once.
 */
final class MediaTest extends BridgeTestCase {

	/**
	 * Formats, and the extension the stored file gets whatever the sender calls it.
	 *
	 * @return array<string, array{0: string, 1: string, 2: string}>
	 */
	public function formats(): array {
		return array(
			'jpeg'               => array( 'jpeg', 'photo.jpg', 'photo.jpg' ),
			'png'                => array( 'png', 'photo.png', 'photo.png' ),
			'gif'                => array( 'gif', 'photo.gif', 'photo.gif' ),
			'webp'               => array( 'webp', 'photo.webp', 'photo.webp' ),
			'png called jpg'     => array( 'png', 'photo.jpg', 'photo.png' ),
			'jpeg called php'    => array( 'jpeg', 'photo.php', 'photo.jpg' ),
			'jpeg called phtml.' => array( 'jpeg', 'photo.phtml.', 'photo.jpg' ),
			'path in the name'   => array( 'jpeg', '../../photo.jpg', 'photo.jpg' ),
		);
	}

	/**
	 * A new image is stored.
	 *
	 * @dataProvider formats
	 * @param string $format   What GD calls it.
	 * @param string $filename The name sent.
	 * @param string $stored   The name stored.
	 */
	public function test_new( string $format, string $filename, string $stored ): void {
		$bytes    = $this->picture( $format );
		$response = $this->push(
			$bytes,
			array(
				'filename' => $filename,
				'alt'      => 'Alt "text" \\ é',
			)
		);
		$data     = $response->get_data();
		$this->assertSame( 201, $response->get_status(), (string) wp_json_encode( $data ) );
		$this->assertSame( array( 'hash', 'attachment_id', 'media_url' ), array_keys( $data ) );
		$this->assertSame( hash( 'sha256', $bytes ), $data['hash'] );
		$this->assertSame( wp_get_attachment_url( $data['attachment_id'] ), $data['media_url'] );
		$this->assertStringEndsWith( '/' . $stored, preg_replace( '/-\d+(\.\w+)$/', '$1', $data['media_url'] ) );
		$this->assertSame( $bytes, file_get_contents( get_attached_file( $data['attachment_id'] ) ) );
		$this->assertSame( 'Alt "text" \\ é', get_post_meta( $data['attachment_id'], '_wp_attachment_image_alt', true ) );
		$this->assertNotEmpty( wp_get_attachment_metadata( $data['attachment_id'] )['width'] );
	}

	/**
	 * The same bytes again are not stored again.
	 */
	public function test_replay(): void {
		$bytes = $this->picture();
		$first = $this->push( $bytes );
		$again = $this->push( $bytes, array( 'filename' => 'other.jpg' ) );
		$this->assertSame( array( 200, 'true' ), array( $again->get_status(), $again->get_headers()['Idempotent-Replayed'] ) );
		$this->assertSame( $first->get_data(), $again->get_data() );
	}

	/**
	 * AVIF is stored where WordPress takes it, and refused for good where it does not.
	 */
	public function test_avif(): void {
		if ( ! function_exists( 'imageavif' ) || PHP_VERSION_ID < 80200 ) {
			$this->markTestSkipped( 'This PHP cannot make an AVIF image.' );
		}
		$response = $this->push( $this->picture( 'avif' ), array( 'filename' => 'a.avif' ) );
		if ( in_array( 'image/avif', get_allowed_mime_types(), true ) ) {
			$this->assertSame( 201, $response->get_status(), (string) wp_json_encode( $response->get_data() ) );
		} else {
			$this->assert_refused( 415, 'igny8_not_an_image', $response );
		}
	}

	/**
	 * Bodies that are no images, whatever their name.
	 *
	 * @return array<string, array{0: string}>
	 */
	public function not_images(): array {
		return array(
			'html'          => array( '<!doctype html><html><body>Not found</body></html>' ),
			'svg'           => array( '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' ),
			'php'           => array( '<?php echo 1;' ),
			'pdf'           => array( '%PDF-1.4 x' ),
			'bmp'           => array( 'BM' . str_repeat( "\0", 60 ) ),
			'start of jpeg' => array( "\xFF\xD8\xFF\xE0 and nothing more" ),
			'start of png'  => array( "\x89PNG\r\n\x1A\n" ),
			'start of webp' => array( "RIFF\x10\0\0\0WEBPxxxx" ),
			'start of avif' => array( "\0\0\0\x20ftypavif" ),
			'one byte'      => array( 'x' ),
		);
	}

	/**
	 * They are refused.
	 *
	 * @dataProvider not_images
	 * @param string $bytes The body.
	 */
	public function test_not_an_image( string $bytes ): void {
		if ( PHP_VERSION_ID < 80200 && 'ftyp' === substr( $bytes, 4, 4 ) ) {
			$this->markTestSkipped( 'This PHP knows AVIF by its first bytes only.' );
		}
		$this->assert_refused( 415, 'igny8_not_an_image', $this->push( $bytes ) );
		$this->assertSame( '0', $this->scalar( 'SELECT COUNT(*) FROM {igny8_media}' ) );
	}

	/**
	 * The hash is checked.
	 */
	public function test_hash(): void {
		$bytes = $this->picture();
		$this->assert_refused( 422, 'igny8_hash_mismatch', $this->push( $bytes, array( 'hash' => str_repeat( '0', 64 ) ) ) );
		$this->assert_refused( 400, 'rest_missing_callback_param', $this->push( $bytes, array( 'hash' => '' ) ) );
		$this->assert_refused( 400, 'rest_invalid_param', $this->push( $bytes, array( 'hash' => 'abc' ) ) );
		$this->assertSame( 201, $this->push( $bytes, array( 'hash' => strtoupper( hash( 'sha256', $bytes ) ) ) )->get_status() );
	}

	/**
	 * Size matters at both ends.
	 */
	public function test_size(): void {
		$bytes = $this->picture();
		$this->assert_refused( 400, 'igny8_empty_body', $this->push( '', array( 'hash' => hash( 'sha256', '' ) ) ) );

		add_filter( 'igny8_max_body_bytes', static fn(): int => strlen( $bytes ) );
		$this->assertSame( 201, $this->push( $bytes )->get_status() );
		$this->assert_refused( 413, 'igny8_too_large', $this->push( $bytes . 'x' ) );
	}

	/**
	 * Another request is storing the same bytes; when it has died its successor does.
	 */
	public function test_reservation(): void {
		$bytes = $this->picture();
		$hash  = hash( 'sha256', $bytes );
		Media\reserve( $hash );
		$response = $this->push( $bytes );
		$this->assert_refused( 409, 'igny8_in_progress', $response );
		$this->assertSame( '2', $response->get_headers()['Retry-After'] );

		$this->scalar( 'UPDATE {igny8_media} SET reserved_at = reserved_at - ' . Reservations\STALE_SECONDS );
		$this->assertSame( 201, $this->push( $bytes )->get_status() );
	}

	/**
	 * The attachment of a request that died before it wrote the id down is found.
	 */
	public function test_orphan(): void {
		$bytes = $this->picture();
		$first = $this->push( $bytes )->get_data();
		$this->scalar( 'DELETE FROM {igny8_media}' );
		$again = $this->push( $bytes );
		$this->assertSame( array( 200, $first ), array( $again->get_status(), $again->get_data() ) );
	}

	/**
	 * An image that a person deleted is unknown, and can come back.
	 */
	public function test_deleted_by_a_person(): void {
		$bytes = $this->picture();
		$first = $this->push( $bytes )->get_data();
		wp_delete_attachment( $first['attachment_id'], true );
		$this->assertSame( array( 'media' => array() ), $this->send( 'GET', '/media', array( 'hashes' => $first['hash'] ) )->get_data() );
		$again = $this->push( $bytes );
		$this->assertSame( 201, $again->get_status() );
		$this->assertNotSame( $first['attachment_id'], $again->get_data()['attachment_id'] );
	}

	/**
	 * WordPress cannot store it: the hash is free again.
	 */
	public function test_write_failed(): void {
		$bytes  = $this->picture();
		$refuse = static fn( array $file ): array => array( 'error' => 'Disk full.' ) + $file;
		add_filter( 'wp_handle_sideload_prefilter', $refuse );
		$this->assert_refused( 500, 'igny8_write_failed', $this->push( $bytes ) );
		remove_filter( 'wp_handle_sideload_prefilter', $refuse );
		$this->assertSame( 201, $this->push( $bytes )->get_status() );
	}

	/**
	 * Many hashes are looked up, at most a hundred.
	 */
	public function test_look_up(): void {
		$known  = $this->push( $this->picture() )->get_data();
		$hashes = array( $known['hash'] );
		while ( count( $hashes ) < 100 ) {
			$hashes[] = hash( 'sha256', (string) count( $hashes ) );
		}
		$this->assertSame( array( 'media' => array( $known ) ), $this->send( 'GET', '/media', array( 'hashes' => implode( ',', $hashes ) ) )->get_data() );
		$hashes[] = str_repeat( '0', 64 );
		$this->assert_refused( 400, 'rest_invalid_param', $this->send( 'GET', '/media', array( 'hashes' => implode( ',', $hashes ) ) ) );
		$this->assert_refused( 400, 'rest_missing_callback_param', $this->send( 'GET', '/media' ) );
	}
}
