<?php
/**
 * The reason why a request stops in the middle of its work.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Ownership;

use RuntimeException;

/**
 * Thrown where a request finds that another one has taken its publication over.
 */
final class TakenOver extends RuntimeException {

	/**
	 * Says so.
	 */
	public function __construct() {
		parent::__construct( 'Another request has taken this publication over.' );
	}
}
