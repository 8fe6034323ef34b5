<?php
/**
 * Sends the events of the outbox, signed as Standard Webhooks says.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Webhooks;

use Igny8\Bridge\Cron;
use Igny8\Bridge\Engine;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;
use WP_Error;

const PAUSE_OPTION   = 'igny8_outbox_pause';
const REFUSED_OPTION = 'igny8_refused_event';

const FIRST_WAIT_SECONDS = MINUTE_IN_SECONDS;
const LONGEST_WAIT       = 6 * HOUR_IN_SECONDS;
const CRON_SECONDS       = 25;
const SHUTDOWN_SECONDS   = 10;
const FAILURES_IN_A_ROW  = 3;

const HOPELESS       = array( 400, 413, 415, 422 ); // The same bytes would be refused again.
const OF_THE_ENGINE  = array( 401, 403, 404, 408, 425, 429, 503 ); // Every event would meet the same.
const ENDS_AN_ANSWER = array( 'fastcgi_finish_request', 'litespeed_finish_request' );

/**
 * Hooks the end of a request.
 */
function setup(): void {
	add_action( 'shutdown', __NAMESPACE__ . '\\send_after_answer', 1000 );
}

/**
 * Remembers that this request has written an event.
 *
 * @param bool $is_wanted False to only ask.
 */
function want_to_send( bool $is_wanted = true ): bool {
	static $wanted = false;
	$wanted        = $wanted || $is_wanted;
	return $wanted;
}

/**
 * Sends once the visitor has the answer, where PHP can end it early. Elsewhere the events
 * wait for cron: nobody's save waits for the engine.
 */
function send_after_answer(): void {
	$enders = array_values( array_filter( ENDS_AN_ANSWER, 'function_exists' ) );
	if ( ! want_to_send( false ) || array() === $enders || wp_doing_cron() ) {
		return;
	}
	ignore_user_abort( true );
	if ( function_exists( 'session_status' ) && PHP_SESSION_ACTIVE === session_status() ) {
		session_write_close(); // Another plugin's: its visitor's next request would wait for it.
	}
	$enders[0]();
	send( SHUTDOWN_SECONDS );
}

/**
 * What cron does.
 */
function send_by_cron(): void {
	send_and_plan( CRON_SECONDS );
}

/**
 * Sends what is due, for so long, and plans the next time.
 *
 * @param int $seconds When the time is over no further event is begun.
 */
function send_and_plan( int $seconds ): void {
	send( $seconds );
	$due = may_send() ? Outbox\next_due() : null;
	if ( null !== $due ) {
		Cron\send_at( max( $due, paused_until(), time() ) );
	}
}

/**
 * Whether there is somebody to send to, and a key to send with; without, another time would change nothing.
 */
function may_send(): bool {
	return Engine\is_known() && Outbox\is_open();
}

/**
 * Sends what is due, for so long.
 *
 * @param int $seconds When the time is over no further event is begun.
 * @return int How many were taken.
 */
function send( int $seconds ): int {
	$end    = microtime( true ) + $seconds;
	$taken  = 0;
	$failed = 0;
	while ( $failed < FAILURES_IN_A_ROW && microtime( true ) < $end && may_send() && paused_until() <= time() ) {
		$row = Outbox\claim();
		if ( null === $row ) {
			break;
		}
		$row      = Outbox\follow_move( $row );
		$is_taken = settle( $row, post( $row ) );
		$failed   = $is_taken ? 0 : $failed + 1;
		$taken   += $is_taken ? 1 : 0;
	}
	return $taken;
}

/**
 * Sends one event.
 *
 * @param array<string, mixed> $row The event.
 * @return array<string, mixed>|WP_Error
 */
function post( array $row ) {
	$kept      = Registration\kept();
	$timestamp = (string) time();
	return Engine\send(
		'POST',
		$kept['webhooks'][ $row['kind'] ] ?? '',
		$row['body'],
		array(
			'headers' => array(
				'webhook-id'        => $row['event_id'],
				'webhook-timestamp' => $timestamp,
				'webhook-signature' => sign( $kept['secret'], $row['event_id'], $timestamp, $row['body'] ),
			),
		)
	);
}

/**
 * The signature of a message.
 *
 * @param string $secret    With whsec_ before it.
 * @param string $id        The message's id.
 * @param string $timestamp Unix seconds.
 * @param string $body      The raw body.
 */
function sign( string $secret, string $id, string $timestamp, string $body ): string {
	$key = (string) base64_decode( substr( $secret, strlen( 'whsec_' ) ) );
	return 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$timestamp.$body", $key, true ) );
}

/**
 * Does with an event what the answer asks for.
 *
 * @param array<string, mixed>          $row    The event.
 * @param array<string, mixed>|WP_Error $answer The answer.
 * @return bool Whether the event is out of the way.
 */
function settle( array $row, $answer ): bool {
	$status = is_wp_error( $answer ) ? 0 : $answer['status'];
	if ( Engine\is_good( $answer ) || in_array( $status, HOPELESS, true ) ) {
		if ( ! Engine\is_good( $answer ) ) {
			keep_refusal( $row, Engine\words( $answer ) );
		}
		delete_option( PAUSE_OPTION );
		Outbox\remove( $row );
		return true;
	}
	$asked = is_wp_error( $answer ) ? 0 : $answer['retry_after'];
	if ( 0 === $status || in_array( $status, OF_THE_ENGINE, true ) ) {
		if ( 401 === $status ) {
			Registration\refresh();
		}
		Outbox\postpone( $row, pause( $asked, Engine\words( $answer ) ) );
	} else {
		Outbox\postpone( $row, time() + wait( (int) $row['attempts'], $asked ) );
	}
	return false;
}

/**
 * Sends nothing for a while.
 *
 * @param int    $asked What the engine asked for, in seconds.
 * @param string $why   In words.
 * @return int Until when, in Unix seconds.
 */
function pause( int $asked, string $why ): int {
	$failures = (int) ( kept_pause()['failures'] ?? 0 ) + 1;
	$until    = time() + wait( $failures, $asked );
	update_option(
		PAUSE_OPTION,
		array(
			'until'    => $until,
			'failures' => $failures,
			'why'      => $why,
		),
		true
	);
	return $until;
}

/**
 * The pause that is on, or was.
 *
 * @return array<string, mixed>
 */
function kept_pause(): array {
	$kept = get_option( PAUSE_OPTION, array() );
	return is_array( $kept ) ? $kept : array();
}

/**
 * Until when nothing is sent, in Unix seconds.
 */
function paused_until(): int {
	return (int) ( kept_pause()['until'] ?? 0 );
}

/**
 * How long to wait after a number of failures.
 *
 * @param int $failures From 1.
 * @param int $asked    What the engine asked for, in seconds.
 * @return int Seconds.
 */
function wait( int $failures, int $asked ): int {
	return min( LONGEST_WAIT, max( $asked, FIRST_WAIT_SECONDS * 2 ** min( $failures - 1, 12 ) ) );
}

/**
 * Keeps what the engine said of an event that was given up, for the plugin's page.
 *
 * @param array<string, mixed> $row The event.
 * @param string               $why In words.
 */
function keep_refusal( array $row, string $why ): void {
	update_option(
		REFUSED_OPTION,
		array(
			'event_id' => $row['event_id'],
			'why'      => $why,
			'at'       => time(),
		),
		false
	);
}
