<?php
/**
 * Tells what we do to a post from what people do.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\OwnWrites;

/**
 * Marks what happens to one publication's post as our own doing.
 *
 * @param string   $key  The publication key.
 * @param callable $work Writes the post.
 * @return mixed What the work returned.
 */
function during( string $key, callable $work ) {
	key_under_way( $key );
	try {
		return $work();
	} finally {
		key_under_way( '' );
	}
}

/**
 * The publication this request writes.
 *
 * @param string|null $key Its key, null to only ask.
 */
function key_under_way( ?string $key = null ): string {
	static $ours = '';
	$ours        = $key ?? $ours;
	return $ours;
}

/**
 * Whether a post is being written by us.
 *
 * @param string $key The publication key it carries.
 */
function is_under_way( string $key ): bool {
	return key_under_way() === $key;
}
